import express, { type ErrorRequestHandler, type Request, type RequestHandler } from "express";

/** Reads a request's whole body of any type, and refuses one that is longer than `maxBytes` when it is unpacked. */
export function readBody(maxBytes: number): RequestHandler {
  return express.raw({ type: () => true, limit: maxBytes });
}

/** The bytes that `readBody` read; none where there was no body. */
export function bodyOf(request: Request): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** Answers where `readBody` refused or a handler threw: 4xx where the client is to blame, else 500. */
export function refuse(told: (error: unknown, status: number) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const status = statusOf(error);
    told(error, status);
    const text = status === 413 ? "the body is too large\n" : "the body cannot be read\n";
    response.status(status).type("text").send(text);
  };
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
