import { HttpServer, type ServerLimits, type TlsOptions } from "../http/server.ts";
import type { Logger } from "../telemetry/log.ts";
import type { PullApi } from "./pull-api.ts";

export interface ProxyServerOptions {
  readonly api: PullApi;
  /** Absent: plain HTTP, for a loopback address or behind something that ends TLS. */
  readonly tls?: TlsOptions;
  readonly log: Logger;
}

const limits: ServerLimits = {
  connections: 4_096,
  headersMs: 10_000,
  // Requests that read have no body, and a token's form is short.
  requestMs: 30_000,
  keepAliveMs: 90_000,
  // Longer than the reader of a blob may pause (registry/options.ts, readerMs).
  silenceMs: 330_000,
};

/** The server that clients of a registry call. */
export function createProxyServer({ api, tls, log }: ProxyServerOptions): HttpServer {
  return new HttpServer({
    listener: (request, response) => void api.handle(request, response),
    ...(tls === undefined ? {} : { tls }),
    limits,
    log,
  });
}
