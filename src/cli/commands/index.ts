import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { gather } from "../input/given.ts";
import { addImageOptions } from "../input/image-options.ts";

const help = `
An IMAGE is a reference (ghcr.io/team/app:v1) or a layout (oci:DIR[:TAG]).

Examples:
  metahub index create ghcr.io/team/app:v1 \\
    --entry ghcr.io/team/app:v1-generic \\
    --entry ghcr.io/team/app:v1-skylake=cpu:skylake
  metahub index create -f manifest-list.yaml
  metahub index annotate ghcr.io/team/app:v1 --entry linux/arm64=cpu:neoverse_v2
  metahub index inspect ghcr.io/team/app:v1
  metahub index push oci:./app:v1 ghcr.io/team/app:v1`;

export function addIndexCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const index = program
    .command("index")
    .description("Make image indexes whose entries say what hardware they were built for.")
    .addHelpText("after", help)
    .helpCommand(false);
  addCreate(index, context, done);
  addAnnotate(index, context, done);
  addInspect(index, context, done);
  addPush(index, context, done);
  for (const command of index.commands) command.copyInheritedSettings(program);
}

function addCreate(index: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = index
    .command("create")
    .argument("[target]", "reference or oci:DIR:TAG; default: the image that the list of -f names")
    .description("Write an index of builds that lie under tags of their own, and print its digest.")
    .option("-f, --filename <file>", "manifest list (YAML): image, and manifests with platform and features")
    .addOption(
      new Option(
        "--entry <ref=features>",
        "a build and what it requires, e.g. app:v1-skylake=cpu:skylake; repeatable",
      ).argParser(gather),
    )
    .addOption(new Option("--priority <ref=n>", "prefer this build among equals; repeatable").argParser(gather))
    .addOption(new Option("--tag <tag>", "write it under this tag too; repeatable").argParser(gather))
    .option("--docker", "a Docker manifest list with platform.features, for old clients");
  addImageOptions(command).action(async (target: unknown, options: unknown) => {
    const { create } = await import("../index/run.ts");
    done(await create(typeof target === "string" ? target : undefined, options, context));
  });
}

function addAnnotate(index: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = index
    .command("annotate")
    .argument("<image>", "the index")
    .description("Say what entries of an index require, and write it again under its tag.")
    .addOption(
      new Option(
        "--entry <entry=features>",
        "position, digest, platform or tag of an entry, and what it requires; no features for nothing; repeatable",
      ).argParser(gather),
    )
    .addOption(new Option("--priority <entry=n>", "prefer this entry among equals; repeatable").argParser(gather))
    .option("--to <image>", "write the changed index there instead (same repository, or oci:DIR:TAG)");
  addImageOptions(command).action(async (image: unknown, options: unknown) => {
    const { annotate } = await import("../index/run.ts");
    done(await annotate(String(image), options, context));
  });
}

function addInspect(index: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = index
    .command("inspect")
    .argument("<image>", "the index")
    .description("Print the entries of an index and what each requires.")
    .addOption(new Option("-o, --output <form>", "what is printed").choices(["table", "json"]).default("table"));
  addImageOptions(command).action(async (image: unknown, options: unknown) => {
    const { inspect } = await import("../index/run.ts");
    done(await inspect(String(image), options, context));
  });
}

function addPush(index: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = index
    .command("push")
    .argument("<layout>", "oci:DIR[:TAG]")
    .argument("<target>", "the reference to push to")
    .description("Push an index of a layout, with those of its builds that the repository lacks.")
    .addOption(new Option("--tag <tag>", "push it under this tag too; repeatable").argParser(gather));
  addImageOptions(command).action(async (layout: unknown, target: unknown, options: unknown) => {
    const { push } = await import("../index/run.ts");
    done(await push(String(layout), String(target), options, context));
  });
}
