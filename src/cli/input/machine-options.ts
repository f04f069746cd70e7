import { type Command, Option } from "commander";
import { type Given, gather } from "./given.ts";

/** Which machines are meant, and where they are read from. */
export interface MachineOptions {
  /** Files, folders, or `-`; none for the cluster. */
  readonly filenames: readonly string[];
  readonly nodes: readonly string[];
  readonly machineTypes: readonly string[];
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

export function addMachineOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "-f, --filename <path>",
        "read Nodes, MachineTypes and manifest lists from a file, a folder or - (standard input), without a cluster; may be repeated",
      ).argParser(gather),
    )
    .addOption(new Option("--node <name>", "only this node; may be repeated").argParser(gather))
    .addOption(new Option("--machine-type <name>", "only this machine type; may be repeated").argParser(gather))
    .option("--kubeconfig <file>", "default: $KUBECONFIG, ~/.kube/config, or the service account of the Pod")
    .option("--context <name>", "context of the kubeconfig");
}

export function machineOptions(given: Given): MachineOptions {
  return {
    filenames: given.texts("filename"),
    nodes: given.texts("node"),
    machineTypes: given.texts("machineType"),
    kubeconfig: given.text("kubeconfig"),
    context: given.text("context"),
  };
}
