import express, { type Request, type RequestHandler, type Response } from "express";
import { readBody, refuse, takeBody } from "../http/body.ts";
import { BodyBudget } from "../http/body-budget.ts";
import type { PathSegments } from "../http/path-segment.ts";
import { HttpServer, type ServerLimits, type TlsOptions } from "../http/server.ts";
import type { Logger } from "../telemetry/log.ts";
import { AdmissionError } from "./error.ts";
import type { ReviewMetrics } from "./metrics.ts";
import { type AdmissionRequest, allowed, parseReview } from "./review.ts";
import { Reviews } from "./reviews.ts";
import type { ReviewRoute } from "./route.ts";

export interface AdmissionServerOptions {
  /** By their paths, e.g. `/mutate/pods`. */
  readonly routes: Readonly<Record<string, ReviewRoute>>;
  readonly tls: TlsOptions;
  /** Secrets, one of which must be the first segment of every path; routes are named without it. Absent: none is. */
  readonly pathSegments?: PathSegments;
  readonly metrics: ReviewMetrics;
  readonly log: Logger;
  /** Reviews under way at once; more are admitted unchanged at the spot. Default 256. */
  readonly concurrency?: number;
  /** Bytes of all bodies under way at once; those beyond it are answered with 503. Default 32 MiB. */
  readonly bodyBytes?: number;
}

/**
 * A review holds the object and, on updates, the old object: each at most etcd's request limit of 1.5 MiB
 * (etcd --max-request-bytes), as JSON up to twice that size after escaping, and a little for the envelope.
 */
const bodyLimit = 7 * 1024 * 1024;

/**
 * Four of the largest reviews, and thousands of usual ones. More is answered with 503, as nothing can be said about a
 * review that was not read: the API server then goes by the failure policy, and admits the object as it is (Ignore).
 */
const allBodiesLimit = 32 * 1024 * 1024;

const limits: ServerLimits = {
  connections: 4_096,
  headersMs: 10_000,
  // No review can be waited for longer (admissionregistration.k8s.io/v1, timeoutSeconds).
  requestMs: 30_000,
  // The API server pools connections and reuses them after long pauses; Node's default of 5 s would close one just as a
  // review is written on it, and that review fails with EOF.
  keepAliveMs: 90_000,
  silenceMs: 35_000,
};

/** The HTTPS server that the API server calls. HTTP/1.1: what the API server speaks, and express crashes on HTTP/2. */
export function createAdmissionServer(options: AdmissionServerOptions): HttpServer {
  const { routes, tls, metrics, log, concurrency = 256, bodyBytes = allBodiesLimit } = options;
  const reviews = new Reviews({ log, concurrency });
  const budget = new BodyBudget(bodyBytes);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  for (const [path, route] of Object.entries(routes)) {
    app.post(path, readBody(route.maxBytes ?? bodyLimit, budget), answer(route, reviews, options));
  }
  // Express would read the whole body before it says so.
  app.use((_request, response) => void response.status(404).type("text").send("no review is answered here\n"));
  app.use(
    refuse((error, status) => {
      metrics.reviews.inc({ outcome: "failed" });
      log.warn({ error, status }, "a request was refused");
    }),
  );
  const listener = options.pathSegments?.guard(app) ?? app;
  return new HttpServer({ listener, tls, limits, log });
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
      review = parseReview(takeBody(request));
    } catch (error) {
      if (!(error instanceof AdmissionError)) throw error;
      if (error.code === "REVIEW_TOO_LARGE" && error.uid !== undefined) {
        metrics.reviews.inc({ outcome: "unchanged" });
        response.json(allowed(error.uid, [`metahub: ${error.message}; images are left as written`]));
        return;
      }
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
