import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { detectOutputs } from "../detect/output.ts";
import { gather } from "../input/given.ts";

export function addDetectCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("detect")
    .description("Print what this host offers, or write a MachineType for each kind of node.")
    .option("--cpuinfo <file>", "a /proc/cpuinfo captured elsewhere (- for standard input), instead of this host")
    .option("--nodes", "a MachineType for each distinct profile of the nodes of a cluster, or of -f")
    .addOption(
      new Option(
        "-f, --filename <path>",
        "with --nodes: Nodes and MachineTypes from a file, a folder or - instead; may be repeated",
      ).argParser(gather),
    )
    .option("--kubeconfig <file>", "with --nodes: default: $KUBECONFIG or ~/.kube/config")
    .option("--context <name>", "with --nodes: context of the kubeconfig")
    .addOption(new Option("-o, --output <form>", "default: features; with --nodes machinetype").choices(detectOutputs))
    .option("--name <name>", "name of the MachineType; default: this host's name")
    .addHelpText(
      "after",
      `
Examples:
  metahub detect                                  one feature a line
  metahub detect -o machinetype --name type1      ready to edit and apply
  kubectl label node worker1 $(metahub detect -o labels)
  metahub detect --nodes | kubectl apply -f -     one for each kind of node`,
    )
    .action(async (options: unknown) => {
      const { detect } = await import("../detect/run.ts");
      done(await detect(options, context));
    });
}
