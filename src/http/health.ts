import type { IncomingMessage, ServerResponse } from "node:http";
import type { Registry } from "prom-client";
import type { Logger } from "../telemetry/log.ts";
import { HttpServer, type ServerLimits } from "./server.ts";

/** Tells by its hash whether a secret path counts; see PathSegments. */
export type KnowsPath = (hash: string) => boolean;

export interface HealthOptions {
  readonly metrics: Pick<Registry, "contentType" | "metrics">;
  readonly log: Logger;
}

/** The kubelet and a scraper or two ask, each with a short request. */
const limits: ServerLimits = {
  connections: 256,
  headersMs: 5_000,
  requestMs: 10_000,
  keepAliveMs: 5_000,
  silenceMs: 10_000,
};

/** Serves `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics` over plain HTTP. */
export class HealthServer {
  readonly #server: HttpServer;
  readonly #metrics: HealthOptions["metrics"];
  readonly #log: Logger;
  #ready = false;
  #note = "";
  #knows: KnowsPath | undefined;

  constructor({ metrics, log }: HealthOptions) {
    this.#metrics = metrics;
    this.#log = log;
    this.#server = new HttpServer({ limits, log, listener: (request, response) => this.#answer(request, response) });
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
  }

  /** One line that `/readyz` says behind its first one: of what is not as it should be, and keeps nobody from working. */
  setNote(note: string | undefined): void {
    this.#note = note === undefined ? "" : `${note}\n`;
  }

  /** From now on `/knows/HASH` is answered, with 204 or 404: so the keeper learns which paths count here. */
  setKnows(knows: KnowsPath): void {
    this.#knows = knows;
  }

  /** Resolves with the port. @throws the system's error */
  listen(port: number, address: string): Promise<number> {
    return this.#server.listen(port, address);
  }

  /** Ends at once: whoever asks asks again. */
  close(): Promise<void> {
    return this.#server.close(0);
  }

  #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    response.setHeader("content-type", "text/plain; charset=utf-8");
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405).end("only GET\n");
      return;
    }
    const path = url?.split("?", 1)[0];
    const hash = /^\/knows\/([0-9a-f]{64})$/.exec(path ?? "")?.[1];
    if (hash !== undefined && this.#knows !== undefined) {
      response.writeHead(this.#knows(hash) ? 204 : 404).end();
      return;
    }
    switch (path) {
      case "/healthz":
        response.end("ok\n");
        return;
      case "/readyz":
        response.writeHead(this.#ready ? 200 : 503).end(`${this.#ready ? "ok" : "not ready yet"}\n${this.#note}`);
        return;
      case "/metrics":
        void this.#expose(response);
        return;
      default:
        response.writeHead(404).end("there are /healthz, /readyz and /metrics\n");
    }
  }

  async #expose(response: ServerResponse): Promise<void> {
    try {
      const text = await this.#metrics.metrics();
      response.setHeader("content-type", this.#metrics.contentType);
      response.end(text);
    } catch (error) {
      this.#log.error({ error }, "the metrics cannot be shown");
      response.writeHead(500).end("the metrics cannot be shown\n");
    }
  }
}
