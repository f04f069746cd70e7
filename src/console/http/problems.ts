import type { Response } from "express";
import type { z } from "zod";
import { HttpError, type HttpErrorCode } from "../../http/error.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import { TimeError } from "../../time/error.ts";
import type { Problem } from "../contract/parts.ts";
import { ConsoleError } from "../error.ts";

/** A ConsoleError with headers of its answer. */
export class Refused extends ConsoleError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: Omit<Problem, "type">, headers: Readonly<Record<string, string>> = {}) {
    super(problem);
    this.headers = headers;
  }
}

const bodies: Partial<Record<HttpErrorCode, Omit<Problem, "type">>> = {
  BODY_ENCODED: { status: 415, title: "Unsupported body", detail: "The body is encoded; send it as it is." },
  BODY_TOO_LARGE: { status: 413, title: "Too large", detail: "The body is larger than 256 KiB." },
  BODY_NOT_WHOLE: { status: 400, title: "Bad request", detail: "The connection was closed within the body." },
  BODIES_TOO_MANY: { status: 503, title: "Busy", detail: "Too much is being sent at once. Try again in a moment." },
};

/** The problem that a person is shown for an error. Texts of unforeseen errors stay here. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ConsoleError) return error.problem;
  const type = "about:blank";
  const body = error instanceof HttpError ? bodies[error.code] : undefined;
  if (body !== undefined) return { type, ...body };
  // Express' own, of a path that is no text: `/%ff`.
  if (error instanceof URIError) return { type, status: 400, title: "Bad request", detail: "The path is malformed." };
  if (error instanceof TimeError && error.code === "TIMEOUT") {
    return { type, status: 504, title: "No answer in time", detail: "This took too long. Try again." };
  }
  if (isKubernetesError(error)) {
    const detail = "The API server does not answer as it should. Try again; the console's log says more.";
    return { type, status: 502, title: "The cluster does not answer", detail };
  }
  return { type, status: 500, title: "The console failed", detail: "This is a defect; the console's log says more." };
}

/** Answers with a problem (RFC 9457). */
export function sendProblem(
  response: Response,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.status(problem.status).set(headers).type("application/problem+json").send(JSON.stringify(problem));
}

/** The problem of a body or query that is not as the contract says. */
export function malformed({ issues }: z.ZodError, title: string): ConsoleError {
  const fields = issues.slice(0, 32).map(({ path, message }) => ({ path: pathText(path), message }));
  return new ConsoleError({ status: 422, title, detail: "Some fields are not as they should be.", fields });
}

/** `spec.features[2]`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}
