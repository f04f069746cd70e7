import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import type { BodyBudget } from "./body-budget.ts";
import { HttpError, type HttpErrorCode } from "./error.ts";

const statuses: Partial<Record<HttpErrorCode, number>> = {
  BODY_ENCODED: 415,
  BODY_TOO_LARGE: 413,
  BODY_NOT_WHOLE: 400,
  BODIES_TOO_MANY: 503,
};

/**
 * Reads a request's whole body of any type: at most `maxBytes`, and as far as the budget of all bodies under way has
 * room. Nothing is unpacked, as a few kilobytes can hold gigabytes.
 */
export function readBody(maxBytes: number, budget: BodyBudget): RequestHandler {
  return (request, response, next) => {
    const refusal = refusalOfHeaders(request, maxBytes);
    if (refusal !== undefined) {
      next(refusal);
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const share = budget.open(() => end(tooMany()));
    const end = (error?: HttpError): void => {
      request.off("data", take).off("end", finish).off("close", lost).off("error", lost);
      if (error !== undefined) {
        share.end();
        chunks.length = 0;
      }
      next(error);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) end(tooLarge());
      else if (share.add(chunk.length)) chunks.push(chunk);
      else end(tooMany());
    };
    const finish = (): void => {
      share.whole();
      request.body = Buffer.concat(chunks, length);
      chunks.length = 0;
      end();
    };
    const lost = (): void => end(new HttpError("BODY_NOT_WHOLE", "the connection was closed within the body"));
    response.once("close", () => share.end());
    request.on("data", take).once("end", finish).once("close", lost).once("error", lost);
  };
}

/** The bytes that `readBody` read; none where there was no body. The request keeps them no longer. */
export function takeBody(request: Request): Buffer {
  const body: unknown = request.body;
  request.body = undefined;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** Answers where `readBody` refused or a handler threw: 4xx where the client is to blame, else 5xx. */
export function refuse(told: (error: unknown, status: number) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const status = (error instanceof HttpError ? statuses[error.code] : undefined) ?? 500;
    told(error, status);
    if (response.headersSent || response.destroyed) return;
    const text = error instanceof HttpError ? error.message : "the body cannot be read";
    response.status(status).type("text").send(`${text}\n`);
  };
}

function refusalOfHeaders({ headers }: Request, maxBytes: number): HttpError | undefined {
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    return new HttpError("BODY_ENCODED", "the body is encoded, and must be sent as it is");
  }
  return Number(headers["content-length"] ?? 0) > maxBytes ? tooLarge() : undefined;
}

function tooLarge(): HttpError {
  return new HttpError("BODY_TOO_LARGE", "the body is too large");
}

function tooMany(): HttpError {
  return new HttpError("BODIES_TOO_MANY", "too many bytes of bodies are under way");
}
