import type { RequestListener } from "node:http";
import { HttpServer, type ServerLimits, type TlsOptions } from "../http/server.ts";
import type { Logger } from "../telemetry/log.ts";

export interface ConsoleServerOptions {
  readonly app: RequestListener;
  /** Absent: plain HTTP, for a loopback address or behind something that ends TLS. */
  readonly tls?: TlsOptions;
  readonly log: Logger;
}

const limits: ServerLimits = {
  // A person has six connections at most, one of them for events.
  connections: 4_096,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 90_000,
  // Longer than any answer, and than four heartbeats of a stream: a reader that takes nothing is cut off.
  silenceMs: 70_000,
};

/** The server that browsers call. HTTP/1.1. */
export function createConsoleServer({ app, tls, log }: ConsoleServerOptions): HttpServer {
  return new HttpServer({ listener: app, ...(tls === undefined ? {} : { tls }), limits, log });
}
