import type { Machine } from "../../explaining/machine.ts";
import { choose, mayRun } from "../../explaining/rows.ts";
import { imageAt, parseImageName } from "../../images/name.ts";
import { openImages, type SpeakingLists } from "../../images/open.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { unaskedReason } from "../../selection/unasked.ts";
import { Given } from "../input/given.ts";
import { imageOptions } from "../input/image-options.ts";
import { type MachineOptions, machineOptions } from "../input/machine-options.ts";
import { readInventory } from "../input/read-inventory.ts";
import { safeText } from "../terminal/text.ts";
import { declaredMachine, detectedMachine } from "./machine.ts";

/** `metahub resolve`: one line with the build for one machine. */
export async function runResolve(image: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const asked = machineOptions(given);
  const { find, lists } = machineFinder(given, asked, context);
  const [opened] = await openImages([image], imageOptions(given), context, await lists?.());
  if (opened === undefined) throw new UsageError("an image is needed");
  const { name, digest, list } = opened;
  const print = (chosen: string): ExitCode => {
    context.stdout.write(`${chosen}\n`);
    return 0;
  };
  const tell = (reason: string): void => {
    context.stderr.write(`metahub: ${safeText(`${opened.shown}: ${reason}`)}\n`);
  };
  const refuse = (reason: string): ExitCode => {
    tell(reason);
    return 3;
  };
  if (opened.conflict !== undefined) tell(opened.conflict);
  if (list === undefined) return print(imageAt(name, digest));
  const [machine, accelerated] = [await find(), !given.flag("withoutAccelerators")];
  const doubtful = mayRun(opened.unasked ?? [], machine, accelerated);
  if (doubtful !== undefined) return refuse(unaskedReason(doubtful, opened.madeOf ?? "its list"));
  const { selected, code, reason } = choose(list, machine, accelerated);
  // No registry has a list under its digest.
  if (code === "nothing-fits" || (selected === null && opened.madeOf !== undefined)) return refuse(reason);
  if (code === "uncertain") tell(reason);
  // Nothing can be named where only the runtime knows (a format that needs its snapshotter): then the index it is.
  if (selected === null) return print(imageAt(name, digest));
  const elsewhere = selected.name === undefined ? name : parseImageName(selected.name);
  return print(imageAt(elsewhere, selected.digest));
}

/** The machine that is meant, and the lists that speak where it was found. */
interface MachineFinder {
  find(): Promise<Machine>;
  lists?(): Promise<SpeakingLists>;
}

/** The machine that the flags mean. Flags that contradict each other are refused before anything is asked. */
function machineFinder(given: Given, asked: MachineOptions, context: CommandContext): MachineFinder {
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
    const reading = lazily(() => readInventory(asked, given, context));
    return {
      lists: reading,
      find: async () => {
        const [machine] = (await reading()).machines;
        if (machine === undefined) throw new UsageError("no such machine");
        return machine;
      },
    };
  }
  if (features !== undefined) {
    const machine = declaredMachine(features, platform, process.arch);
    return { find: async () => machine };
  }
  return { find: async () => await detectedMachine(platform, context) };
}

/** Reads once, for all that ask. */
function lazily<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}
