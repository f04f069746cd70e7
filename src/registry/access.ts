import type { Credentials } from "../credentials/credentials.ts";

/** The credentials to ask with, and until when. */
export interface Access {
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
}
