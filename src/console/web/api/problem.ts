import type { Problem } from "../../contract/parts.ts";

/** A request that was not answered as asked. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** `status` 0: there was no answer at all. */
export function unreachable(): ProblemError {
  const detail = "The console does not answer. It is asked again as soon as it does.";
  return new ProblemError({ type: "about:blank", status: 0, title: "No answer", detail });
}

/** The problem to show for whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: "about:blank", status: 0, title: "This page failed", detail };
}

/** The problem of an answer that is not 2xx: its own, or one that is made of the status. */
export async function problemIn(response: Response): Promise<ProblemError> {
  const fallback: Problem = {
    type: "about:blank",
    status: response.status,
    title: `Answered with ${response.status}`,
    detail: "The console's answer says no more. Its log may.",
  };
  if (!(response.headers.get("content-type") ?? "").startsWith("application/problem+json"))
    return new ProblemError(fallback);
  try {
    const problem: Partial<Problem> = await response.json();
    return new ProblemError({ ...fallback, ...problem });
  } catch {
    // Cut off on its way: the status still says something.
    return new ProblemError(fallback);
  }
}
