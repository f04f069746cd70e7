import type { RefusalReason, Refused } from "./identity.ts";

export interface ChallengeOptions {
  /** The URL of the token endpoint, configured: clients send their login there, so that it never comes from a request. */
  readonly realm: string;
  /** The registry's name: the audience of its tokens. */
  readonly service: string;
  /** As the client names it in the path; undefined for `/v2/`. */
  readonly repository?: string | undefined;
}

/** Tokens with these faults do not get better by waiting. containerd 1.6 gives up where it reads of an error twice. */
const lasting: ReadonlySet<RefusalReason> = new Set(["malformed", "audience", "revoked", "not-allowed"]);
/** Names of repositories; any other text would have to be escaped, and no client could ask for it. */
const repositoryName = /^[a-z0-9][a-z0-9._/-]{0,254}$/;

/**
 * The `WWW-Authenticate` of a refusal: Bearer alone, and after a refused Basic or certificate, Basic alone. Given both,
 * docker sends its secret with every request; and with Bearer after a refused Basic, containerd fetches an anonymous token
 * and silently gets the generic build.
 */
export function challenge(refused: Pick<Refused, "refused" | "why">, options: ChallengeOptions): string {
  if (refused.refused === "basic") return basicChallenge(options);
  const parameters = [`realm=${quoted(options.realm)}`, `service=${quoted(options.service)}`];
  if (options.repository !== undefined && repositoryName.test(options.repository)) {
    parameters.push(`scope="repository:${options.repository}:pull"`);
  }
  if (refused.refused === "bearer" && lasting.has(refused.why)) parameters.push('error="invalid_token"');
  return `Bearer ${parameters.join(",")}`;
}

/** The challenge of the token endpoint, and of refused logins. */
function basicChallenge({ service }: Pick<ChallengeOptions, "service">): string {
  return `Basic realm=${quoted(service)}`;
}

/** A quoted-string (RFC 9110, section 5.6.4). */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&").replaceAll(/[^\x20-\x7e]/g, "")}"`;
}
