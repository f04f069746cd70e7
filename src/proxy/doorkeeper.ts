import type { IncomingMessage, ServerResponse } from "node:http";
import type { View } from "./view.ts";

/** Somebody who was let in. */
export interface Guest {
  /** The credential's name, for logs and limits. */
  readonly name: string;
  readonly view: View;
  /** Whether the credential is for a repository, by its canonical name. */
  mayPull(repository: string): boolean;
  /** Whether it still counts, and for this repository: revoked, expired, removed or narrowed meanwhile, it does not. */
  isStillOne(repository: string): boolean;
}

/** Somebody who was not, and what is asked of them (RFC 9110, WWW-Authenticate). */
export interface Refused {
  readonly challenge: string;
}

/** Tells who asks. */
export interface Doorkeeper {
  /**
   * `repository`: as the client names it; undefined where none is asked for. `machineType`: the one that the path names,
   * to which only those of this type are let.
   */
  admit(request: IncomingMessage, repository: string | undefined, machineType?: string): Guest | Refused;
  /** Answers `/token`, or leaves it where there are no tokens. Resolves to whether it answered. */
  token(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export function isGuest(admitted: Guest | Refused): admitted is Guest {
  return "view" in admitted;
}
