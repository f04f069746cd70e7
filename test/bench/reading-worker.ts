// A prototype for the benchmark `slices`: reads indexes and chooses builds of them in a thread of its own.
import { parentPort } from "node:worker_threads";
import { listOf, readIndex } from "../../src/oci/flatten.ts";
import { drain } from "../../src/oci/steps.ts";
import type { Variant } from "../../src/oci/variant.ts";
import { prepareInSteps } from "../../src/selection/prepare.ts";
import { chooseInSteps, type Machine } from "../../src/selection/select.ts";
import type { Choice } from "../../src/selection/selection.ts";

export interface ReadingJob {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly machines: readonly Machine[];
  /** Whether all builds come back, as the webhook's caches want them, or the choices alone. */
  readonly list: boolean;
}

export interface ReadingResult {
  readonly id: number;
  readonly variants: readonly Variant[];
  readonly choices: readonly Choice[];
}

parentPort?.on("message", ({ id, bytes, machines, list }: ReadingJob) => {
  const read = readIndex(bytes);
  if (!read.complete) throw new Error("nothing is nested in it");
  const prepared = drain(prepareInSteps(listOf(read)));
  const choices = machines.map((machine) => drain(chooseInSteps(prepared, [machine])));
  const result: ReadingResult = { id, variants: list ? read.variants : [], choices };
  parentPort?.postMessage(result);
});
