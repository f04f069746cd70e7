import { createHash } from "node:crypto";
import fc from "fast-check";

/**
 * So many values, the same for the same seed. Each kind of thing is drawn from a stream of its own, so that a change of
 * one leaves the others as they are; hashed, because fast-check's generator begins alike for neighbouring seeds.
 */
export function draw<T>(seed: number, kind: string, count: number, arbitrary: fc.Arbitrary<T>): readonly T[] {
  const own = createHash("sha256").update(`${seed} ${kind}`).digest().readInt32BE();
  return fc.sample(arbitrary, { seed: own, numRuns: count });
}
