import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { addImageOptions } from "../input/image-options.ts";
import { addListOptions } from "../input/list-options.ts";
import { addMachineOptions } from "../input/machine-options.ts";

const help = `
IMAGE is a reference (qnib/bench, ghcr.io/team/app:v1) or a layout on disk
(oci:DIR, oci:DIR:TAG). A machine type stands for all of its nodes: it gets the
best build that all of them can run. Manifest lists count, of the files and of
the cluster; where the files name no machine, the cluster's are meant.

Exit codes: 0 answered; 1 failed; 2 usage, also for a machine that is not there;
3 answered, and no machine asked about can run one of the images.

Examples:
  metahub explain qnib/bench
  metahub explain qnib/bench -f nodes.yaml -f machinetypes.yaml -o json
  metahub explain qnib/bench -f manifest-list.yaml
  kubectl get nodes -o yaml | metahub explain oci:./bench -f -
  metahub explain qnib/bench --requirements`;

export function addExplainCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command("explain")
    .argument("<image...>", "references, or oci:DIR[:TAG]")
    .description("Show which build of an image each machine gets, and why not the others.");
  addListOptions(addMachineOptions(command));
  command
    .addOption(
      new Option("-o, --output <format>", "how the answer is printed")
        .choices(["table", "json", "yaml"])
        .default("table"),
    )
    .option("-n, --namespace <name>", "the namespace whose ManifestLists count", "default")
    .option("--without-accelerators", "for a container that asks for no GPU")
    .option("--requirements", "ask the other way round: what a machine must offer for each build");
  addImageOptions(command)
    .addHelpText("after", help)
    .action(async (images: unknown, options: unknown) => {
      const { runExplain } = await import("../explain/run.ts");
      done(await runExplain(images, options, context));
    });
}
