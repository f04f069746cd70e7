import { matchingRows } from "./matching-rows.generated.ts";
import { labelSelectors, places, quantities, tolerations, versions } from "./matching-subjects.ts";
import type { MatchingAnswer, Subject } from "./subject.ts";

/** The subjects of the table for machines without Go, by name. */
const tableSubjects = { labelSelectors, tolerations, quantities, versions, places };

interface TableRow {
  readonly subject: string;
  /** The case, as JSON. */
  readonly text: string;
  /** Kubernetes' answer. */
  readonly expected: unknown;
  readonly question: object;
  readonly ours: () => unknown;
  readonly theirs: (answer: MatchingAnswer) => unknown;
}

/** The rows of the table, each with what is asked and how the answers are told. */
export function matchingTable(): readonly TableRow[] {
  return matchingRows.map(([name, text, expected]) => rowOf(name, tableSubjects[name], text, expected));
}

/** The generator wrote the case of this very subject. */
function rowOf(
  subject: string,
  { question, ours, theirs }: Omit<Subject<never>, "cases">,
  text: string,
  expected: unknown,
): TableRow {
  const one = JSON.parse(text) as never;
  return { subject, text, expected, question: question(one), ours: () => ours(one), theirs };
}
