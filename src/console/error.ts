import type { Problem } from "./contract/parts.ts";

/** A request that cannot be answered as asked; `problem` is what the person is shown. */
export class ConsoleError extends Error {
  override readonly name = "ConsoleError";
  readonly problem: Problem;

  constructor(problem: Omit<Problem, "type">, options?: ErrorOptions) {
    super(`${problem.title}: ${problem.detail}`, options);
    this.problem = { type: "about:blank", ...problem };
  }
}
