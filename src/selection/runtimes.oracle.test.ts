import { expect, test } from "vitest";
import { cachedPrograms } from "../../test/cluster/require.ts";
import { describeWith } from "../../test/support/describe-with.ts";
import { casesToTry } from "../../test/support/oracle/ask.ts";
import { askRuntimes } from "../../test/support/oracle/ask-runtimes.ts";
import { disagreementOf, readCase } from "../../test/support/oracle/runtime-answers.ts";
import { runtimeCase } from "../../test/support/oracle/runtime-cases.ts";
import { runtimeChoices } from "../../test/support/oracle/runtime-choices.generated.ts";
import { runtimeExamples } from "../../test/support/oracle/runtime-examples.ts";
import { draw } from "../../test/support/oracle/seed.ts";

// Indexes in which no feature decides, chosen from by containerd's and CRI-O's own code.

const { seed, count } = casesToTry(4_000);
const atOnce = 2_000;

describeWith(cachedPrograms("choosing"), `the runtimes' own choice, seed ${seed}`, ({ path }) => {
  test(`of ${count} indexes`, { timeout: 60_000 + count * 20 }, async () => {
    const seen = new Map<string, number>();
    for (let start = 0; start < count; start += atOnce) {
      const made = draw(seed, `runtimes ${start}`, Math.min(atOnce, count - start), runtimeCase);
      const cases = await Promise.all(made.map(readCase));
      const answers = await askRuntimes(path("choosing"), cases);
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
    const answers = await askRuntimes(path("choosing"), cases);
    const placed = runtimeExamples.map(([name], at) => {
      const place = (digest = ""): string => cases[at]?.index.places.get(digest) ?? "";
      return [name, place(answers[at]?.containerd), place(answers[at]?.containersImage)];
    });
    expect(placed).toEqual(runtimeChoices);
  });
});
