import { expect, test } from "vitest";
import { cachedPrograms } from "../../test/cluster/require.ts";
import { describeWith } from "../../test/support/describe-with.ts";
import { casesToTry } from "../../test/support/oracle/ask.ts";
import { askMatching, comparison } from "../../test/support/oracle/comparison.ts";
import {
  labelSelectors,
  places,
  quantities,
  tolerations,
  versions,
} from "../../test/support/oracle/matching-subjects.ts";
import { matchingTable } from "../../test/support/oracle/matching-table.ts";

// Selectors, tolerations, quantities and places of Pods, asked of Kubernetes' own packages (v1.37).

const { seed, count } = casesToTry(4_000);
/** Each of them is a Pod with nodes of its own, and takes as long as twenty others. */
const { count: pods } = casesToTry(1_000);
const timeout = 60_000 + count * 10;

describeWith(cachedPrograms("matching"), `matching as Kubernetes does it, seed ${seed}`, ({ path }) => {
  const compare = comparison(path("matching"), seed, count);

  test(`${count} label selectors`, { timeout }, async () => {
    const seen = await compare("label selectors", labelSelectors);
    expect(seen.get("true")).toBeGreaterThan(count / 20);
    expect(seen.get("false")).toBeGreaterThan(count / 20);
  });

  test(`${count} tolerations`, { timeout }, async () => {
    const seen = await compare("tolerations", tolerations);
    expect(seen.get("true")).toBeGreaterThan(count / 20);
    expect(seen.get("false")).toBeGreaterThan(count / 20);
  });

  test(`${count} quantities`, { timeout }, async () => {
    const seen = await compare("quantities", quantities);
    expect(seen.get("value")).toBeGreaterThan(count / 4);
    expect(seen.get("true")).toBeGreaterThan(count / 20);
  });

  test(`${count} pairs of versions`, { timeout }, async () => {
    const seen = await compare("versions", versions);
    for (const sign of ["-1", "0", "1"]) expect(seen.get(sign)).toBeGreaterThan(count / 50);
  });

  test(`${pods} Pods among nodes`, { timeout: timeout * 2 }, async () => {
    const seen = await comparison(path("matching"), seed, pods)("places", places);
    expect(seen.get("0")).toBeLessThan((pods * 3) / 4);
    expect(seen.get("0")).toBeGreaterThan(pods / 20);
  });

  test("the table for machines without Go is what they say", async () => {
    const rows = matchingTable();
    const answers = await askMatching(
      path("matching"),
      rows.map(({ question }) => question),
    );
    expect(rows.map(({ theirs }, at) => theirs(answers[at] ?? {}))).toEqual(rows.map(({ expected }) => expected));
  });
});
