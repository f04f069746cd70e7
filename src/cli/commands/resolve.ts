import type { Command } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { addImageOptions } from "../input/image-options.ts";
import { addListOptions } from "../input/list-options.ts";
import { addMachineOptions } from "../input/machine-options.ts";

const help = `
Prints REPOSITORY@DIGEST, the repository as written, and nothing else. Where a
runtime would choose by itself (os and architecture only), the build that it
would take is printed. An image that is one build is printed with its digest. Manifest
lists count with --machine-type and --node, as explain has them.

Exit codes: 0 printed; 1 failed; 2 usage, also for a machine that is not there;
3 nothing fits.

Examples:
  docker run "$(metahub resolve qnib/bench)"
  metahub resolve qnib/bench --features cpu:skylake,nvcap:8.0
  metahub resolve qnib/bench --machine-type type4 -f machinetypes.yaml`;

export function addResolveCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command("resolve")
    .argument("<image>", "a reference, or oci:DIR[:TAG]")
    .description("Print the build of an image for one machine, as REPOSITORY@DIGEST.")
    .option("--detect", "for this host (the default)")
    .option("--features <list>", "for a machine that offers these, e.g. cpu:skylake,nvcap:8.0")
    .option("--platform <os/arch>", "of that machine; default linux, on the architecture of its CPU or of this host");
  addListOptions(addMachineOptions(command));
  command
    .option("-n, --namespace <name>", "with a named machine: the namespace whose ManifestLists count", "default")
    .option("--without-accelerators", "for a container that asks for no GPU");
  addImageOptions(command)
    .addHelpText("after", help)
    .action(async (image: unknown, options: unknown) => {
      const { runResolve } = await import("../resolve/run.ts");
      done(await runResolve(String(image), options, context));
    });
}
