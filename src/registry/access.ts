import type { Credentials } from "../credentials/credentials.ts";
import type { Tenant } from "./tenant.ts";

/** The credentials to ask with, until when, and for whom. */
export interface Access {
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
  /** Absent where one user has the client to itself, as on a command line. */
  readonly tenant?: Tenant | undefined;
}
