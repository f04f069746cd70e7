import { expect, test } from "vitest";
import { z } from "zod";
import { cachedPrograms } from "../../test/cluster/require.ts";
import { describeWith } from "../../test/support/describe-with.ts";
import { ask, casesToTry } from "../../test/support/oracle/ask.ts";
import {
  disagreementOf,
  type ReadCase,
  type RuntimeAnswer,
  readCase,
} from "../../test/support/oracle/runtime-answers.ts";
import { type RuntimeCase, runtimeCase } from "../../test/support/oracle/runtime-cases.ts";
import { draw } from "../../test/support/oracle/seed.ts";

// Indexes in which no feature decides, chosen from by containerd's and CRI-O's own code.

const { seed, count } = casesToTry(4_000);
const atOnce = 2_000;
const answerSchema = z.object({ containerd: z.string(), containersImage: z.string() });

describeWith(cachedPrograms("choosing"), `the runtimes' own choice, seed ${seed}`, ({ path }) => {
  async function answersOf(cases: readonly ReadCase[]): Promise<readonly RuntimeAnswer[]> {
    const questions = cases.map(({ made: { host }, index: { root, blobs } }) => ({
      host,
      root,
      blobs: Object.fromEntries(blobs),
    }));
    return await ask(path("choosing"), questions, (value) => answerSchema.parse(value));
  }

  test(`of ${count} indexes`, { timeout: 60_000 + count * 20 }, async () => {
    const seen = new Map<string, number>();
    for (let start = 0; start < count; start += atOnce) {
      const kind = `runtimes ${start}`;
      const made: readonly RuntimeCase[] = draw(seed, kind, Math.min(atOnce, count - start), runtimeCase);
      const cases = await Promise.all(made.map(readCase));
      const answers = await answersOf(cases);
      const disagreements = cases.flatMap((one, at) => {
        const { code, wrong } = disagreementOf(one, answers[at]);
        seen.set(code, (seen.get(code) ?? 0) + 1);
        return wrong === undefined ? [] : [`seed ${seed}: ${wrong}\n${JSON.stringify(one.made)}`];
      });
      expect(disagreements.slice(0, 5)).toEqual([]);
    }
    // Indexes of one kind only would try nothing.
    for (const code of ["runtime-matched", "nothing-fits", "only-candidate", "generic", "uncertain"])
      expect(seen.get(code) ?? 0, code).toBeGreaterThan(count / 200);
  });
});
