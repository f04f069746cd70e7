import type { z } from "zod";
import type { Person } from "../backend.ts";
import type { SignIn, signInWay } from "../contract/session.ts";
import type { SignedIn } from "../sessions/sessions.ts";
import type { OpenId } from "./openid.ts";

/** Whether somebody who is signed in may stay so. */
export type Staying = (person: Person) => boolean;

/** How people sign in here: in a cluster by a token or OpenID Connect, in a folder by a password. */
export interface SignInWays {
  readonly ways: readonly z.infer<typeof signInWay>[];
  /** @throws SignInError REFUSED */
  signIn(how: SignIn, signal: AbortSignal): Promise<SignedIn>;
  readonly openid?: Pick<OpenId, "start"> & {
    /** @throws SignInError */
    finish(query: string, cookie: string, signal: AbortSignal): Promise<SignedIn>;
  };
  /** Reads once who of those who are signed in may stay so: a line of the users file may have gone, or have changed. */
  staying(): Promise<Staying>;
}
