import { expect, test } from "vitest";
import { cachedPrograms } from "../../../test/cluster/require.ts";
import { describeWith } from "../../../test/support/describe-with.ts";
import { casesToTry } from "../../../test/support/oracle/ask.ts";
import { askRuntimes, runtimePrograms } from "../../../test/support/oracle/ask-runtimes.ts";
import { disagreementOf, placesOf, readCase } from "../../../test/support/oracle/runtime-answers.ts";
import { runtimeCase } from "../../../test/support/oracle/runtime-cases.ts";
import { runtimeChoices } from "../../../test/support/oracle/runtime-choices.generated.ts";
import { runtimeExamples } from "../../../test/support/oracle/runtime-examples.ts";
import { draw } from "../../../test/support/oracle/seed.ts";

// Indexes in which no feature decides, chosen from by the own code of containerd 2 and 1.7, Docker and CRI-O.

const { seed, count } = casesToTry(4_000);
const atOnce = 2_000;

describeWith(cachedPrograms(...runtimePrograms), `the runtimes' own choice, seed ${seed}`, ({ path }) => {
  test(`of ${count} indexes`, { timeout: 60_000 + count * 20 }, async () => {
    const seen = new Map<string, number>();
    for (let start = 0; start < count; start += atOnce) {
      const made = draw(seed, `runtimes ${start}`, Math.min(atOnce, count - start), runtimeCase);
      const cases = await Promise.all(made.map(readCase));
      const answers = await askRuntimes(path, cases);
      const disagreements = cases.flatMap((one, at) => {
        const { code, wrong } = disagreementOf(one, answers[at]);
        seen.set(code, (seen.get(code) ?? 0) + 1);
        return wrong === undefined ? [] : [`seed ${seed}: ${wrong}\n${JSON.stringify(one.made)}`];
      });
      expect(disagreements.slice(0, 5)).toEqual([]);
    }
    // Indexes of one kind only would try nothing.
    for (const code of ["runtime-matched", "format-only", "nothing-fits", "generic", "uncertain"])
      expect(seen.get(code) ?? 0, code).toBeGreaterThan(count / 500);
  });

  test("the table for machines without Go is what they say", async () => {
    const cases = await Promise.all(runtimeExamples.map(([, made]) => readCase(made)));
    const answers = await askRuntimes(path, cases);
    const told = cases.map(({ index }, at) => [runtimeExamples[at]?.[0], ...placesOf(index, answers[at])]);
    expect(told).toEqual(runtimeChoices);
  });
});
