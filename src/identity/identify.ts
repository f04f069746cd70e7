import type { MachineCredential } from "../api/machine-credential.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import { type Login, readAuthorization } from "./authorization.ts";
import { machineTypeOf } from "./certificate.ts";
import { type Credentials, idOf, stateOf } from "./credentials.ts";
import { featuresOfHint, hasHint } from "./hints.ts";
import type { Identity, RefusalReason, Refused } from "./identity.ts";
import { readToken, type TokenContent, type TokenSubject, tokenSeconds } from "./tokens.ts";

/** Between the clocks of two replicas, seconds. */
const clockSkewSeconds = 60;

/** The registry's own side, at the moment of a request. */
export interface IdentityRules {
  readonly credentials: Credentials;
  /** Sign and prove tokens. */
  readonly keys: SigningKeys;
  /** The registry for which tokens are: the name that its challenges call `service`. */
  readonly audience: string;
  /** Whether a token is given, and counts, without credentials. */
  readonly anonymous: boolean;
  /** Whether anybody may say in the user name what a machine offers; the secret is not looked at then. */
  readonly hints: boolean;
  readonly now: Date;
}

export interface IdentifyContext extends IdentityRules {
  /** SANs of the client's certificate, each without its type, where the server has verified it. */
  readonly certificateNames?: readonly string[];
  /** The machine type that the path names (`/v2/machine/<type>/…`): only those of this type are answered there. */
  readonly machineType?: string;
}

export type Identified = { readonly identity: Identity } | Refused;

/**
 * Who asks, by a client certificate, a token of ours, or Basic, in this order. A request without `Authorization` is
 * always refused, also where anonymous tokens are given: many clients send their login only when they are refused.
 *
 * @param repository as the client names it in the path, before `?ns=` is looked at; undefined for `/v2/` itself. Tokens
 * are held to it. Whether the one who asks may see what it stands for is `maySee`'s to say.
 */
export function identify(
  authorization: string | undefined,
  repository: string | undefined,
  context: IdentifyContext,
): Identified {
  const identified = identifyAnywhere(authorization, repository, context);
  if (!("identity" in identified) || context.machineType === undefined) return identified;
  const { identity } = identified;
  if (identity.kind === "machineType" && identity.name === context.machineType) return identified;
  const by = readAuthorization(authorization).scheme === "bearer" ? "bearer" : "basic";
  return refused(by, "machine-type", identity.credential);
}

function identifyAnywhere(
  authorization: string | undefined,
  repository: string | undefined,
  context: IdentifyContext,
): Identified {
  const certified = identifyCertificate(context.certificateNames ?? []);
  if (certified !== undefined) return certified;
  const presented = readAuthorization(authorization);
  switch (presented.scheme) {
    case "none":
      return refused("none", "no-credentials");
    case "unknown":
      return refused("none", "unknown-scheme");
    case "basic":
      return identifyLogin(presented.login, context);
    case "bearer":
      return identifyToken(presented.token, repository, context);
  }
}

/** Undefined where no name of the certificate is for MetaHub. */
export function identifyCertificate(names: readonly string[]): Identified | undefined {
  const certified = machineTypeOf(names);
  if (certified === undefined) return undefined;
  if (certified.name === undefined) return refused("basic", "malformed");
  const view = { kind: "machineType", name: certified.name } as const;
  return { identity: { ...view, credential: "(certificate)", repositories: undefined } };
}

/** Who a user name and password are; undefined for a login that cannot be read. */
export function identifyLogin(login: Login | undefined, rules: IdentityRules): Identified {
  if (login === undefined) return refused("basic", "malformed");
  if (rules.hints && hasHint(login.username)) {
    const features = featuresOfHint(login.username);
    return features === undefined ? refused("basic", "malformed") : { identity: hinted(features) };
  }
  return identifyCredential(rules.credentials.find(login.username, login.password), "basic", rules);
}

/** Who a credential is, as far as it still counts; undefined where none was found. */
export function identifyCredential(
  credential: MachineCredential | undefined,
  by: "basic" | "bearer",
  { now }: Pick<IdentityRules, "now">,
): Identified {
  if (credential === undefined) return refused(by, "unknown");
  const state = stateOf(credential, now);
  if (state !== "active") return refused(by, state, idOf(credential));
  const { machineType, repositories } = credential.spec;
  const view =
    machineType === undefined
      ? ({ kind: "unfiltered" } as const)
      : ({ kind: "machineType", name: machineType } as const);
  return { identity: { ...view, credential: idOf(credential), repositories } };
}

function identifyToken(token: string | undefined, repository: string | undefined, context: IdentityRules): Identified {
  const content = token === undefined ? undefined : readToken(token, context.keys);
  if (content === undefined) return refused("bearer", "malformed");
  const reason = tokenFault(content, repository, context);
  return reason === undefined ? identifySubject(content.subject, context) : refused("bearer", reason);
}

function tokenFault(
  { audience, pull, expires }: TokenContent,
  repository: string | undefined,
  context: IdentityRules,
): RefusalReason | undefined {
  if (audience !== context.audience) return "audience";
  const left = expires - context.now.getTime() / 1_000;
  if (left <= 0) return "expired";
  // None such was given here, or this clock has been put back.
  if (left > tokenSeconds + clockSkewSeconds) return "malformed";
  return repository === undefined || pull.includes(repository) ? undefined : "scope";
}

/** Looks up what the token was given for: it counts no longer than that. */
function identifySubject(subject: TokenSubject, context: IdentityRules): Identified {
  if ("credential" in subject) {
    const credential = context.credentials.byId(subject.credential);
    if (credential === undefined || hashBeginning(credential) !== subject.hash) {
      return refused("bearer", "revoked", subject.credential);
    }
    return identifyCredential(credential, "bearer", context);
  }
  if ("features" in subject) {
    return context.hints ? { identity: hinted(subject.features) } : refused("bearer", "not-allowed");
  }
  if ("anonymous" in subject && context.anonymous) return { identity: anonymous };
  return refused("bearer", "not-allowed");
}

/** The beginning of the hash of a credential's secret, by which tokens are bound to it. */
export function hashBeginning({ spec }: Pick<MachineCredential, "spec">): string {
  return spec.secretHash.slice("sha256:".length, "sha256:".length + 16);
}

export const anonymous: Identity = { kind: "anonymous", credential: "(anonymous)", repositories: undefined };

function hinted(features: readonly string[]): Identity {
  return { kind: "features", features, credential: "(hint)", repositories: undefined };
}

export function refused(by: Refused["refused"], why: RefusalReason, credential?: string): Refused {
  return { refused: by, expired: why === "expired", why, ...(credential === undefined ? {} : { credential }) };
}
