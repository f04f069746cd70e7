import { z } from "zod";
import { ask } from "./ask.ts";
import type { ReadCase, RuntimeAnswer } from "./runtime-answers.ts";

const answerSchema = z.object({ containerd: z.string(), containersImage: z.string() });

/** Asks the program `choosing` which manifests runtimes take of these indexes. */
export async function askRuntimes(program: string, cases: readonly ReadCase[]): Promise<readonly RuntimeAnswer[]> {
  const questions = cases.map(({ made: { host }, index: { root, blobs } }) => ({
    host,
    root,
    blobs: Object.fromEntries(blobs),
  }));
  return await ask(program, questions, (value) => answerSchema.parse(value));
}
