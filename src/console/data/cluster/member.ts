import type { KubernetesClient } from "../../../kubernetes/client/client.ts";
import type { Reviews } from "./reviews.ts";

/** Somebody who is signed in, with what acts for them. */
export interface Member {
  /** With their token, and nothing else. */
  readonly client: KubernetesClient;
  readonly reviews: Reviews;
  /** Aborts when they sign out. */
  readonly signedOut: AbortSignal;
}
