import { boundedLogin, readAuthorization } from "./authorization.ts";
import {
  anonymous,
  hashBeginning,
  type Identified,
  type IdentityRules,
  identifyCertificate,
  identifyCredential,
  identifyLogin,
  refused,
} from "./identify.ts";
import type { Identity, Refused } from "./identity.ts";
import { signToken, type TokenSubject, tokenSeconds } from "./tokens.ts";

/** A request to the token endpoint (distribution, docs/spec/auth/token.md and oauth.md). */
export interface TokenRequest {
  readonly query: URLSearchParams;
  /** The form of a POST, of bounded length; undefined for a GET. */
  readonly form?: URLSearchParams;
  readonly authorization: string | undefined;
  /** SANs of the client's certificate, where the server has verified it. */
  readonly certificateNames?: readonly string[];
}

/** The JSON of the answer. There is no `refresh_token`: a client then keeps the login that it has. */
export interface TokenAnswer {
  readonly token: string;
  /** The same: some clients read the one, some the other. */
  readonly access_token: string;
  /** Seconds for which it counts. */
  readonly expires_in: number;
  /** RFC 3339. */
  readonly issued_at: string;
}

/** Repositories of one token: with names of 255 characters it stays below half of what a header may have. */
const mostScopes = 16;
const maxNameLength = 255;

/**
 * Gives a token, or refuses: also whom it would give an anonymous token, where a login was presented and is wrong.
 *
 * Whoever asks is known by the certificate, the form or `Authorization`, never by `account`. Repositories are granted as
 * they are asked for, and pulling alone: what may be seen is looked up at each use, so that the endpoint tells nothing of
 * it. Parameters that are not known are passed over.
 * @throws IdentityError KEYS_UNUSABLE where no key signs yet
 */
export function answerTokenRequest(
  request: TokenRequest,
  rules: IdentityRules,
): { readonly answer: TokenAnswer; readonly identity: Identity } | Refused {
  const identified = identifyRequest(request, rules);
  if (!("identity" in identified)) return identified;
  const { identity } = identified;
  const { now, keys, audience } = rules;
  const issued = Math.floor(now.getTime() / 1_000);
  const expires = Math.min(issued + tokenSeconds, endOf(identity, rules));
  const subject = subjectOf(identity, rules);
  const pull = scopesOf([request.query, ...(request.form === undefined ? [] : [request.form])]);
  const token = signToken({ subject, pull, audience, expires }, keys, now);
  const issuedAt = new Date(issued * 1_000).toISOString().replace(".000Z", "Z");
  return { answer: { token, access_token: token, expires_in: expires - issued, issued_at: issuedAt }, identity };
}

function identifyRequest({ form, authorization, certificateNames }: TokenRequest, rules: IdentityRules): Identified {
  const certified = identifyCertificate(certificateNames ?? []);
  if (certified !== undefined) return certified;
  const grant = form?.get("grant_type");
  if (form !== undefined && grant === "password") {
    return identifyLogin(boundedLogin(form.get("username") ?? "", form.get("password") ?? ""), rules);
  }
  if (form !== undefined && grant === "refresh_token") {
    // None was given here: it is a secret that was stored in its place.
    const login = boundedLogin("", form.get("refresh_token") ?? "");
    return identifyCredential(login && rules.credentials.findBySecret(login.password), "basic", rules);
  }
  const presented = readAuthorization(authorization);
  if (presented.scheme === "basic") return identifyLogin(presented.login, rules);
  if (presented.scheme === "none") {
    return rules.anonymous ? { identity: anonymous } : refused("basic", "no-credentials");
  }
  return refused("basic", "unknown-scheme");
}

function subjectOf(identity: Identity, { credentials }: IdentityRules): TokenSubject {
  if (identity.kind === "anonymous") return { anonymous: true };
  if (identity.kind === "features") return { features: [...identity.features] };
  const credential = credentials.byId(identity.credential);
  if (credential !== undefined) return { credential: identity.credential, hash: hashBeginning(credential) };
  return { certificate: identity.credential };
}

/** When the credential ends, seconds since the epoch. */
function endOf(identity: Identity, { credentials }: IdentityRules): number {
  const expires = credentials.byId(identity.credential)?.spec.expires;
  return expires === undefined ? Number.POSITIVE_INFINITY : new Date(expires).getTime() / 1_000;
}

/** The repositories that are to be pulled: scopes may be repeated, or stand in one value with blanks between. */
function scopesOf(parameters: readonly URLSearchParams[]): string[] {
  const names = new Set<string>();
  for (const scope of parameters.flatMap((each) => each.getAll("scope")).flatMap((value) => value.split(" "))) {
    const [, name = "", actions = ""] = /^repository:(.+):([a-z*,]*)$/.exec(scope) ?? [];
    const pulls = actions.split(",").some((action) => action === "pull" || action === "*");
    if (pulls && name.length <= maxNameLength && names.size < mostScopes) names.add(name);
  }
  return [...names];
}
