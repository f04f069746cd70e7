import type { Logger } from "../telemetry/log.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { timeForReview } from "./deadline.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed } from "./review.ts";
import type { ReviewRoute } from "./route.ts";

/** Each outcome is a label of `metahub_admission_reviews_total`. */
export type ReviewOutcome = "rewritten" | "unchanged" | "denied" | "overloaded" | "failed";

export interface ReviewsOptions {
  readonly log: Logger;
  /** Reviews under way at once; more are admitted unchanged at the spot. */
  readonly concurrency: number;
  readonly clock?: Clock;
}

/** A review ends with its route's time, and with nothing from outside. */
const never = new AbortController().signal;

/**
 * Reviews under way. Whatever happens in here, the object is admitted: a webhook in every Pod's path must never hurt a
 * cluster.
 */
export class Reviews {
  readonly #log: Logger;
  readonly #concurrency: number;
  readonly #clock: Clock;
  #underWay = 0;

  constructor({ log, concurrency, clock = systemClock }: ReviewsOptions) {
    this.#log = log;
    this.#concurrency = concurrency;
    this.#clock = clock;
  }

  /** Never rejects. `timeout` is what the API server sent in the query. */
  async answer(
    route: ReviewRoute,
    review: AdmissionRequest,
    timeout: unknown,
  ): Promise<readonly [ReviewOutcome, AdmissionReviewResponse]> {
    const { uid, namespace } = review;
    if (this.#underWay >= this.#concurrency) {
      return ["overloaded", allowed(uid, ["metahub: too many reviews at once; images are left as written"])];
    }
    this.#underWay++;
    try {
      const answer = await this.#inTime(route, review, timeout);
      if (answer === undefined) {
        return ["failed", allowed(uid, ["metahub: the time for this review ran out; images are left as written"])];
      }
      return [outcomeOf(answer), answer];
    } catch (error) {
      this.#log.error({ error, uid, namespace }, "a review failed; the object was admitted as it is");
      return ["failed", allowed(uid, ["metahub: this review failed; images are left as written"])];
    } finally {
      this.#underWay--;
    }
  }

  /** Undefined where the handler did not answer in time. */
  async #inTime(
    { handler, limitMs }: ReviewRoute,
    review: AdmissionRequest,
    timeout: unknown,
  ): Promise<AdmissionReviewResponse | undefined> {
    const { workMs, answerMs } = timeForReview(timeout, limitMs);
    const deadline = new Deadline(this.#clock, never, "the review", workMs);
    const late = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(answerMs, () => late.resolve(undefined));
    try {
      return await Promise.race([handler.handle(review, deadline.signal), late.promise]);
    } finally {
      cancel();
      deadline.end();
    }
  }
}

function outcomeOf({ response }: AdmissionReviewResponse): ReviewOutcome {
  if (response.patch !== undefined) return "rewritten";
  return response.allowed ? "unchanged" : "denied";
}
