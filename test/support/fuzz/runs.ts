import fc from "fast-check";

/** Inputs of each kind: `npm run test:full` takes more. */
const runs = Number(process.env["METAHUB_FUZZ_RUNS"] ?? "2000");
/** The same inputs each time, until somebody asks for others. A failure names it, too. */
const seed = Number(process.env["METAHUB_FUZZ_SEED"] ?? "20261128");
/** Milliseconds for one input: a thousand times what any takes, on a machine that is busy. */
const longest = 10_000;

/** For the timeout of a test that takes all of them. */
export const fuzzing = { timeout: 60_000 + runs * 60 };

/** Feeds inputs to what must bear them: it throws where one does not end as it must. */
export async function feed<T>(inputs: fc.Arbitrary<T>, bear: (input: T) => void | Promise<void>): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    const began = performance.now();
    await bear(input);
    const took = performance.now() - began;
    if (took > longest) throw new Error(`it took ${took.toFixed(0)} ms`);
  });
  await fc.assert(property, { numRuns: runs, seed });
}
