import type { z } from "zod";
import type { Person } from "../backend.ts";
import type { SignIn, signInWay } from "../contract/session.ts";
import type { SignedIn } from "../sessions/sessions.ts";
import type { OpenId } from "./openid.ts";

/** How people sign in here: in a cluster by a token or OpenID Connect, in a folder by a password. */
export interface SignInWays {
  readonly ways: readonly z.infer<typeof signInWay>[];
  /** @throws SignInError REFUSED */
  signIn(how: SignIn, signal: AbortSignal): Promise<SignedIn>;
  readonly openid?: Pick<OpenId, "start"> & {
    /** @throws SignInError */
    finish(query: string, cookie: string, signal: AbortSignal): Promise<SignedIn>;
  };
  /** Whether somebody who is signed in may stay so: a user may have been taken out of the file. */
  stays(person: Person): Promise<boolean>;
}
