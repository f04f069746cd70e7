/** As what somebody sees the registry. */
export type View =
  | { readonly kind: "machineType"; readonly name: string }
  /** Said by the client itself, canonical: `cpu:zen2`. */
  | { readonly kind: "features"; readonly features: readonly string[] }
  | { readonly kind: "unfiltered" }
  | { readonly kind: "anonymous" };

/** Who asks. */
export type Identity = View & {
  /** For logs: `namespace/name` of the credential; `(certificate)`, `(hint)` or `(anonymous)` where there is none. */
  readonly credential: string;
  /** Patterns of the repositories that it may see; undefined for all. Ask `maySee`. */
  readonly repositories: readonly string[] | undefined;
};

/** Why somebody was refused, for logs and metrics; clients are told nothing of it. */
export type RefusalReason =
  | "no-credentials" // nothing was presented
  | "unknown-scheme" // neither Basic nor Bearer
  | "malformed" // cannot be read, is longer than its bound, or was signed by nobody known
  | "unknown" // no credential has this user name and secret
  | "expired" // the token or its credential
  | "revoked" // the credential was revoked, removed or got another secret after the token was given
  | "audience" // a token for another registry
  | "scope" // a token for other repositories
  | "machine-type" // the path names another machine type
  | "not-allowed"; // anonymous tokens or hints, where they are not allowed any more

/** Who is not answered, and which challenge is due (`challenge`). */
export interface Refused {
  /** How it was asked: without a credential, by Basic or a client certificate, or by a token. */
  readonly refused: "none" | "basic" | "bearer";
  /** Nothing is wrong but the time. */
  readonly expired: boolean;
  readonly why: RefusalReason;
  /** The credential behind it, where that is certain. */
  readonly credential?: string;
}

/** Whether somebody may see a repository, named as the operator's patterns name it: `qnib/bench`. */
export function maySee({ repositories }: Pick<Identity, "repositories">, repository: string): boolean {
  return repositories === undefined || repositories.some((pattern) => matches(pattern, repository));
}

function matches(pattern: string, repository: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith("/*") ? repository.startsWith(pattern.slice(0, -1)) : repository === pattern;
}
