import { expect, test } from "vitest";
import { matchingTable } from "../../test/support/oracle/matching-table.ts";

// Kubernetes' own answers to made-up cases, for machines that cannot ask it (matching.oracle.test.ts).

test.each(matchingTable())("as Kubernetes answers: $subject $text", ({ ours, expected }) => {
  expect(ours()).toEqual(expected);
});
