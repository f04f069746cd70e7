import type fc from "fast-check";
import { expect } from "vitest";
import { z } from "zod";
import { ask } from "./ask.ts";
import { draw } from "./seed.ts";

const answerSchema = z.object({
  matches: z.boolean().optional(),
  value: z.number().optional(),
  nodes: z.array(z.string()).optional(),
  order: z.number().optional(),
  document: z.unknown().optional(),
  invalid: z.boolean().optional(),
  large: z.boolean().optional(),
});

/** An answer of the program `matching`. */
export type MatchingAnswer = z.infer<typeof answerSchema>;

/** Compares our answers to so many made-up cases with the program's, and counts what its answers were. */
export type Compare = <T>(
  kind: string,
  cases: fc.Arbitrary<T>,
  question: (one: T) => object,
  ours: (one: T) => unknown,
  theirs: (answer: MatchingAnswer, one: T) => unknown,
) => Promise<ReadonlyMap<string, number>>;

/** Cases that are asked about at once. */
const atOnce = 5_000;

/** A difference fails with the seed, the case and both answers. */
export function comparison(program: string, seed: number, count: number): Compare {
  return async (kind, cases, question, ours, theirs) => {
    const seen = new Map<string, number>();
    for (let start = 0; start < count; start += atOnce) {
      const some = draw(seed, `${kind} ${start}`, Math.min(atOnce, count - start), cases);
      const answers = await ask(program, some.map(question), (value) => answerSchema.parse(value));
      const different = some.flatMap((one, at) => {
        const answer = answers[at] ?? {};
        const [we, they] = [ours(one), theirs(answer, one)];
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
