/** The kinds of failure between MetaHub and a registry. Stable: metrics and callers branch on it. */
export type RegistryErrorCode =
  | "ABORTED"
  | "CIRCUIT_OPEN"
  | "CLOSED"
  | "DENIED"
  | "DIGEST_MISMATCH"
  | "INVALID"
  | "NOT_FOUND"
  | "OVERLOADED"
  | "RANGE_UNSATISFIABLE"
  | "RATE_LIMITED"
  | "REFUSED_HOST"
  | "REFUSED_REDIRECT"
  | "SERVER_ERROR"
  | "TIMEOUT"
  | "TLS"
  | "TOO_LARGE"
  | "UNAUTHORIZED"
  | "UNREACHABLE"
  | "UNSUPPORTED";

const temporaryCodes: ReadonlySet<RegistryErrorCode> = new Set<RegistryErrorCode>([
  "ABORTED",
  "CIRCUIT_OPEN",
  "OVERLOADED",
  "RATE_LIMITED",
  "SERVER_ERROR",
  "TIMEOUT",
  "UNREACHABLE",
]);

interface RegistryErrorOptions {
  readonly cause?: unknown;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number;
  /** Milliseconds after which the host may be asked again. */
  readonly retryAfterMs?: number;
  /** Bytes of the whole content, as a 416 says them. */
  readonly contentSize?: number | undefined;
}

/**
 * Every failure of the registry room. The message is made for people and may be shown to a Pod's owner: it never holds
 * text that a registry sent, nor credentials, nor the query of a URL.
 */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  /** True where the same request may succeed later without anyone changing anything. */
  readonly temporary: boolean;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** With RANGE_UNSATISFIABLE: bytes of the whole content, where the registry said so. */
  readonly contentSize: number | undefined;

  constructor(code: RegistryErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.temporary = temporaryCodes.has(code);
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.contentSize = options.contentSize;
  }
}

/** The URL as it may be shown: without user info, query and fragment, where signatures and passwords live. */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Error codes of the distribution specification ("Error Codes"); only these are ever repeated, never free text. */
const knownCodes: ReadonlySet<string> = new Set([
  "BLOB_UNKNOWN",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
  "DIGEST_INVALID",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_INVALID",
  "MANIFEST_UNKNOWN",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "SIZE_INVALID",
  "UNAUTHORIZED",
  "DENIED",
  "UNSUPPORTED",
  "TOOMANYREQUESTS",
]);

/** The first error code of a registry's error body, if it is one that the specification names. */
function registryCode(body: Uint8Array): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    // A proxy's HTML page, or a body cut at the cap: the status alone must do.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof parsed !== "object" || parsed === null || !("errors" in parsed) || !Array.isArray(parsed.errors)) {
    return undefined;
  }
  const first: unknown = parsed.errors[0];
  if (typeof first !== "object" || first === null || !("code" in first)) return undefined;
  return typeof first.code === "string" && knownCodes.has(first.code) ? first.code : undefined;
}

interface StatusRule {
  readonly code: RegistryErrorCode;
  readonly what: string;
}

function rule(status: number): StatusRule {
  switch (status) {
    case 401:
      return { code: "UNAUTHORIZED", what: "it does not exist, or it needs other credentials" };
    case 403:
      return { code: "DENIED", what: "these credentials may not do that" };
    case 404:
      return { code: "NOT_FOUND", what: "there is nothing under that name" };
    case 408:
      return { code: "TIMEOUT", what: "it says that our request took too long" };
    case 429:
      return { code: "RATE_LIMITED", what: "too many requests; it is left alone for a while" };
    default:
      break;
  }
  if (status >= 500) return { code: "SERVER_ERROR", what: "the registry itself failed; look at its logs" };
  return { code: "INVALID", what: "that is not an answer the distribution specification allows here" };
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly retryAfterMs?: number | undefined;
}

/** The error for an HTTP status that was not hoped for. `what` names the request, e.g. `GET https://host/v2/a/manifests/b`. */
export function statusError(what: string, answer: Answer): RegistryError {
  const { code, what: meaning } = rule(answer.status);
  const named = registryCode(answer.body);
  const text = `${what}: answered ${answer.status}${named === undefined ? "" : ` (${named})`}: ${meaning}`;
  return new RegistryError(code, text, {
    status: answer.status,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}
