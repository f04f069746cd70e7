import express, { type Request, type RequestHandler, type Response } from "express";
import { bodyOf, readBody, refuse } from "../http/body.ts";
import { HttpServer, type ServerCertificate, type ServerLimits } from "../http/server.ts";
import type { Logger } from "../telemetry/log.ts";
import { AdmissionError } from "./error.ts";
import type { ReviewMetrics } from "./metrics.ts";
import { type AdmissionRequest, parseReview } from "./review.ts";
import { Reviews } from "./reviews.ts";
import type { ReviewRoute } from "./route.ts";

export interface AdmissionServerOptions {
  /** By their paths, e.g. `/mutate/pods`. */
  readonly routes: Readonly<Record<string, ReviewRoute>>;
  readonly certificate: ServerCertificate;
  readonly metrics: ReviewMetrics;
  readonly log: Logger;
  /** Reviews under way at once; more are admitted unchanged at the spot. Default 256. */
  readonly concurrency?: number;
}

/**
 * A review holds the object and, on updates, the old object: each at most etcd's request limit of 1.5 MiB
 * (etcd --max-request-bytes), as JSON up to twice that size after escaping, and a little for the envelope.
 */
const bodyLimit = 7 * 1024 * 1024;

const limits: ServerLimits = {
  connections: 4_096,
  headersMs: 32_000,
  requestMs: 60_000,
  // The API server pools connections and reuses them after long pauses; Node's default of 5 s would close one just as a
  // review is written on it, and that review fails with EOF.
  keepAliveMs: 90_000,
};

/** The HTTPS server that the API server calls. HTTP/1.1: what the API server speaks, and express crashes on HTTP/2. */
export function createAdmissionServer(options: AdmissionServerOptions): HttpServer {
  const { routes, certificate, metrics, log, concurrency = 256 } = options;
  const reviews = new Reviews({ log, concurrency });
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  for (const [path, route] of Object.entries(routes)) {
    app.post(path, readBody(bodyLimit), answer(route, reviews, options));
  }
  app.use(
    refuse((error, status) => {
      metrics.reviews.inc({ outcome: "failed" });
      log.warn({ error, status }, "a request was refused");
    }),
  );
  return new HttpServer({ listener: app, certificate, limits, log });
}

function answer(
  route: ReviewRoute,
  reviews: Reviews,
  { metrics, log }: Pick<AdmissionServerOptions, "metrics" | "log">,
): RequestHandler {
  return async (request: Request, response: Response) => {
    const began = performance.now();
    let review: AdmissionRequest;
    try {
      review = parseReview(bodyOf(request));
    } catch (error) {
      if (!(error instanceof AdmissionError)) throw error;
      metrics.reviews.inc({ outcome: "failed" });
      log.warn({ error }, "a request was no review");
      response.status(400).type("text").send(`${error.message}\n`);
      return;
    }
    const [outcome, answered] = await reviews.answer(route, review, request.query["timeout"]);
    response.json(answered);
    metrics.reviews.inc({ outcome });
    metrics.reviewSeconds.observe({ outcome }, (performance.now() - began) / 1000);
  };
}
