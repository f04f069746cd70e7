import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { SecureContextOptions } from "node:tls";
import express, { type NextFunction, type Request, type Response } from "express";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { timeForReview } from "./deadline.ts";
import { AdmissionError } from "./error.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed, parseReview } from "./review.ts";

/** Answers one review. The signal aborts when the time for it is over. */
export interface ReviewHandler {
  handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse>;
}

export interface AdmissionServerOptions {
  /** Path → handler, e.g. `/mutate/pods`. */
  readonly handlers: Readonly<Record<string, ReviewHandler>>;
  readonly certificate: Pick<SecureContextOptions, "cert" | "key">;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Reviews under way at once; more are admitted unchanged at the spot. */
  readonly concurrency?: number;
  /** Longest time for one review in milliseconds, also where the API server would wait longer. */
  readonly deadlineMs?: number;
}

/**
 * A review holds the object and, on updates, the old object: each at most etcd's request limit of 1.5 MiB
 * (etcd --max-request-bytes), as JSON up to twice that size after escaping, and a little for the envelope.
 */
const bodyLimit = 7 * 1024 * 1024;

/** The HTTPS server that the API server calls. HTTP/1.1: what the API server speaks, and express crashes on HTTP/2. */
export class AdmissionServer {
  readonly #server: Server;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #concurrency: number;
  readonly #deadlineMs: number | undefined;
  #underWay = 0;
  #draining = false;

  constructor(options: AdmissionServerOptions) {
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#concurrency = options.concurrency ?? 256;
    this.#deadlineMs = options.deadlineMs;
    const app = express();
    app.disable("x-powered-by");
    app.disable("etag");
    const body = express.raw({ type: () => true, limit: bodyLimit });
    for (const [path, handler] of Object.entries(options.handlers)) {
      app.post(path, body, (request: Request, response: Response) => this.#answer(handler, request, response));
    }
    app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
      const status = statusOf(error);
      this.#metrics.reviews.inc({ outcome: "failed" });
      this.#log.warn({ error, status }, "a request was refused");
      response
        .status(status)
        .type("text")
        .send(status === 413 ? "the body is too large\n" : "the body cannot be read\n");
    });
    this.#server = createServer({ minVersion: "TLSv1.2", ...options.certificate }, app);
    // The API server pools connections and reuses them after long pauses; Node's default of 5 s would close one just
    // as a review is written on it, and that review fails with EOF.
    this.#server.keepAliveTimeout = 90_000;
    this.#server.headersTimeout = 32_000;
    this.#server.requestTimeout = 60_000;
    this.#server.maxConnections = 4_096;
  }

  /** Uses another certificate for new connections; open ones go on. Throws CERTIFICATE_UNUSABLE and keeps the old one. */
  setCertificate(certificate: Pick<SecureContextOptions, "cert" | "key">): void {
    try {
      this.#server.setSecureContext({ minVersion: "TLSv1.2", ...certificate });
    } catch (cause) {
      throw new AdmissionError("CERTIFICATE_UNUSABLE", "the new serving certificate cannot be used", { cause });
    }
  }

  /** Resolves with the port once it is listened on. */
  async listen(port: number, address: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause: NodeJS.ErrnoException) => {
        reject(new AdmissionError("LISTEN_FAILED", describeListenFailure(cause, port, address), { cause }));
      });
      this.#server.listen(port, address, resolve);
    });
    this.#server.removeAllListeners("error");
    this.#server.on("error", (error) => this.#log.error({ error }, "the server failed"));
    return addressPort(this.#server.address());
  }

  /** From now on every answer closes its connection, while new ones are still taken: for the time before `close`. */
  drain(): void {
    this.#draining = true;
  }

  /** Takes no new connection, lets reviews under way finish, and ends at the latest after `graceMs`. */
  async close(graceMs = 5_000): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  }

  async #answer(handler: ReviewHandler, request: Request, response: Response): Promise<void> {
    const began = performance.now();
    const body: unknown = request.body;
    let review: AdmissionRequest;
    try {
      review = parseReview(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    } catch (error) {
      if (!(error instanceof AdmissionError)) throw error;
      this.#metrics.reviews.inc({ outcome: "failed" });
      this.#log.warn({ error }, "a request was no review");
      response.status(400).type("text").send(`${error.message}\n`);
      return;
    }
    const [outcome, answer] = await this.#review(
      handler,
      review,
      timeForReview(request.query["timeout"], this.#deadlineMs),
    );
    // The API server's connections stick to one replica: the answer tells it to open the next one elsewhere.
    if (this.#draining) response.set("connection", "close");
    response.json(answer);
    this.#metrics.reviews.inc({ outcome });
    this.#metrics.reviewSeconds.observe({ outcome }, (performance.now() - began) / 1000);
  }

  /** Whatever happens in here, the object is admitted: a webhook in every Pod's path must never hurt a cluster. */
  async #review(
    handler: ReviewHandler,
    review: AdmissionRequest,
    timeMs: number,
  ): Promise<["rewritten" | "unchanged" | "denied" | "overloaded" | "failed", AdmissionReviewResponse]> {
    if (this.#underWay >= this.#concurrency) {
      return ["overloaded", allowed(review.uid, ["metahub: too many reviews at once; images are left as written"])];
    }
    this.#underWay++;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error("the time for this review is over")), timeMs);
    const over = new Promise<undefined>((resolve) => {
      // Handlers end by themselves when the signal aborts; one that does not must not hold the answer up.
      controller.signal.addEventListener("abort", () => setTimeout(() => resolve(undefined), 50).unref(), {
        once: true,
      });
    });
    try {
      const answer = await Promise.race([handler.handle(review, controller.signal), over]);
      if (answer === undefined) {
        return [
          "failed",
          allowed(review.uid, ["metahub: the time for this review ran out; images are left as written"]),
        ];
      }
      const { response } = answer;
      return [response.patch !== undefined ? "rewritten" : response.allowed ? "unchanged" : "denied", answer];
    } catch (error) {
      this.#log.error(
        { error, uid: review.uid, namespace: review.namespace },
        "a review failed; the object was admitted as it is",
      );
      return ["failed", allowed(review.uid, ["metahub: this review failed; images are left as written"])];
    } finally {
      clearTimeout(timer);
      this.#underWay--;
    }
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function addressPort(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

function describeListenFailure(cause: NodeJS.ErrnoException, port: number, address: string): string {
  const where = `${address}:${port}`;
  switch (cause.code) {
    case "EADDRINUSE":
      return `cannot listen on ${where}: another program uses this port; end it, or choose another with --port`;
    case "EACCES":
      return `cannot listen on ${where}: ports below 1024 need a privilege; choose another with --port`;
    case "EADDRNOTAVAIL":
      return `cannot listen on ${where}: this machine does not have that address; choose another with --address`;
    default:
      return `cannot listen on ${where}: ${cause.message}`;
  }
}
