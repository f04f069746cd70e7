import type fc from "fast-check";
import { z } from "zod";

export const answerSchema = z.object({
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

/** One thing that Kubernetes and we answer alike: what is asked of it, and how the two answers are told. */
export interface Subject<T> {
  readonly cases: fc.Arbitrary<T>;
  readonly question: (one: T) => object;
  readonly ours: (one: T) => unknown;
  readonly theirs: (answer: MatchingAnswer) => unknown;
}
