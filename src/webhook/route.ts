import type { AdmissionRequest, AdmissionReviewResponse } from "./review.ts";

/** Answers one review. The signal aborts when the time for it is over. */
export interface ReviewHandler {
  handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse>;
}

/** Who answers the reviews that come to a path, and how long that may take. */
export interface ReviewRoute {
  readonly handler: ReviewHandler;
  /** Longest time for one review in milliseconds. Absent: the API server's timeout less the reserve of deadline.ts. */
  readonly limitMs?: number;
  /** Most bytes of one review. Absent: as many as one of the largest object has. */
  readonly maxBytes?: number;
}
