import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "../telemetry/metrics.ts";

/** Serves `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics` over plain HTTP. */
export class HealthServer {
  readonly #server: Server;
  #ready = false;

  constructor(metrics: Metrics) {
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, async (request, response) => {
      response.setHeader("content-type", "text/plain; charset=utf-8");
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405).end("only GET\n");
        return;
      }
      switch (request.url?.split("?", 1)[0]) {
        case "/healthz":
          response.end("ok\n");
          return;
        case "/readyz":
          response.writeHead(this.#ready ? 200 : 503).end(this.#ready ? "ok\n" : "not ready yet\n");
          return;
        case "/metrics":
          response.setHeader("content-type", metrics.registry.contentType);
          response.end(await metrics.registry.metrics());
          return;
        default:
          response.writeHead(404).end("there are /healthz, /readyz and /metrics\n");
      }
    });
    this.#server.maxConnections = 256;
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
  }

  /** Resolves with the port. Rejects with the system's error. */
  async listen(port: number, address: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, address, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const bound: AddressInfo | string | null = this.#server.address();
    return typeof bound === "object" && bound !== null ? bound.port : port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
