import type { Machine } from "../../explaining/machine.ts";
import { choose } from "../../explaining/rows.ts";
import { imageAt } from "../../images/name.ts";
import { openImages } from "../../images/open.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { Given } from "../input/given.ts";
import { imageOptions } from "../input/image-options.ts";
import { type MachineOptions, machineOptions } from "../input/machine-options.ts";
import { readMachines } from "../input/read-machines.ts";
import { safeText } from "../terminal/text.ts";
import { declaredMachine, detectedMachine } from "./machine.ts";

/** `metahub resolve`: one line with the build for one machine. */
export async function runResolve(image: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const asked = machineOptions(given);
  const find = machineFinder(given, asked, context);
  const [opened] = await openImages([image], imageOptions(given), context);
  if (opened === undefined) throw new UsageError("an image is needed");
  const { name, digest, list } = opened;
  const print = (chosen: string): ExitCode => {
    context.stdout.write(`${imageAt(name, chosen)}\n`);
    return 0;
  };
  if (list === undefined) return print(digest);
  const { selected, code, reason } = choose(list, await find(), !given.flag("withoutAccelerators"));
  if (code === "nothing-fits") {
    context.stderr.write(`metahub: ${safeText(`${opened.shown}: ${reason}`)}\n`);
    return 3;
  }
  if (code === "uncertain") context.stderr.write(`metahub: ${safeText(`${opened.shown}: ${reason}`)}\n`);
  // Nothing can be named where only the runtime knows (a format that needs its snapshotter): then the index it is.
  return print(selected?.digest ?? digest);
}

/** The machine that the flags mean. Flags that contradict each other are refused before anything is asked. */
function machineFinder(given: Given, asked: MachineOptions, context: CommandContext): () => Promise<Machine> {
  const features = given.text("features");
  const platform = given.text("platform");
  const named = asked.nodes.length + asked.machineTypes.length;
  const elsewhere = asked.filenames.length > 0 || (asked.kubeconfig ?? asked.context) !== undefined;
  const ways = [given.flag("detect"), features !== undefined, named > 0].filter(Boolean).length;
  if (ways > 1 || named > 1) {
    throw new UsageError("say one machine: --node NAME, --machine-type NAME, --features LIST or --detect");
  }
  if (named === 0 && elsewhere) {
    throw new UsageError("-f, --kubeconfig and --context go with --node NAME or --machine-type NAME");
  }
  if (named > 0 && platform !== undefined) {
    throw new UsageError("--platform goes with --features and --detect; a node or machine type has its own");
  }
  if (named > 0) {
    return async () => {
      const [machine] = await readMachines(asked, context);
      if (machine === undefined) throw new UsageError("no such machine");
      return machine;
    };
  }
  if (features !== undefined) {
    const machine = declaredMachine(features, platform, process.arch);
    return async () => machine;
  }
  return async () => detectedMachine(platform, context);
}
