import { expect } from "vitest";
import { ask } from "./ask.ts";
import { draw } from "./seed.ts";
import { answerSchema, type MatchingAnswer, type Subject } from "./subject.ts";

/** Compares our answers to so many made-up cases with the program's, and counts what its answers were. */
export type Compare = <T>(kind: string, subject: Subject<T>) => Promise<ReadonlyMap<string, number>>;

/** Asks the program `matching`. */
export async function askMatching(program: string, questions: readonly object[]): Promise<readonly MatchingAnswer[]> {
  return await ask(program, questions, (value) => answerSchema.parse(value));
}

/** Cases that are asked about at once. */
const atOnce = 5_000;

/** A difference fails with the seed, the case and both answers. */
export function comparison(program: string, seed: number, count: number): Compare {
  return async (kind, { cases, question, ours, theirs }) => {
    const seen = new Map<string, number>();
    for (let start = 0; start < count; start += atOnce) {
      const some = draw(seed, `${kind} ${start}`, Math.min(atOnce, count - start), cases);
      const answers = await askMatching(program, some.map(question));
      const different = some.flatMap((one, at) => {
        const answer = answers[at] ?? {};
        const [we, they] = [ours(one), theirs(answer)];
        const outcome = outcomeOf(answer);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        if (JSON.stringify(we) === JSON.stringify(they)) return [];
        return [`seed ${seed}: ${JSON.stringify({ one, we, they })}`];
      });
      expect(different.slice(0, 5)).toEqual([]);
    }
    return seen;
  };
}

function outcomeOf({ matches, invalid, nodes, order }: MatchingAnswer): string {
  return String(matches ?? invalid ?? nodes?.length ?? order ?? "value");
}
