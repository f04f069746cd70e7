import { endOf, TimeError } from "../time/error.ts";

/**
 * The kind of failure, as one word that callers may switch on:
 *
 * - `ABORTED` the caller's signal ended the call; `CLOSED` the client was closed.
 * - `CONFIG` kubeconfig, service account or credential files; no request was sent.
 * - `UNREACHABLE` no usable answer from the server: refused, reset, TLS, cut off.
 * - `TIMEOUT` our own deadline, or a 504 of the server.
 * - `MALFORMED` an answer that is not what the API promises; `TOO_LARGE` an answer or a request over its bound.
 * - the others are HTTP statuses by their usual names; `CONFLICT` is a lost optimistic write or an apply conflict.
 */
export type KubernetesErrorCode =
  | "ABORTED"
  | "ALREADY_EXISTS"
  | "CLOSED"
  | "CONFIG"
  | "CONFLICT"
  | "FORBIDDEN"
  | "GONE"
  | "INVALID"
  | "MALFORMED"
  | "NOT_FOUND"
  | "SERVER_ERROR"
  | "TIMEOUT"
  | "TOO_LARGE"
  | "TOO_MANY_REQUESTS"
  | "UNAUTHORIZED"
  | "UNEXPECTED"
  | "UNREACHABLE";

/** One entry of a Status' `details.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** A field that another field manager owns, from a refused server-side apply. */
export interface ApplyConflict {
  readonly manager: string;
  readonly field: string;
}

export interface KubernetesErrorDetails {
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly causes?: readonly StatusCause[] | undefined;
  readonly cause?: unknown;
}

export class KubernetesError extends Error {
  readonly code: KubernetesErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** `metav1.Status.reason`, e.g. `AlreadyExists`. */
  readonly reason: string | undefined;
  /** How long the server asked us to stay away. */
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly StatusCause[];

  constructor(code: KubernetesErrorCode, message: string, details: KubernetesErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "KubernetesError";
    this.code = code;
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
    this.causes = details.causes ?? [];
  }

  /** Who owns the fields that a server-side apply without `force` was refused for. */
  get conflicts(): readonly ApplyConflict[] {
    const found: ApplyConflict[] = [];
    for (const { reason, message, field } of this.causes) {
      // The API server writes `conflict with "NAME"`, then ` with subresource "status"` or ` using VERSION at TIME`
      // (k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go).
      const manager = /^conflict with "((?:[^"\\]|\\.)*)"/.exec(message ?? "")?.[1];
      if (reason === "FieldManagerConflict" && manager !== undefined) found.push({ manager, field: field ?? "" });
    }
    return found;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get temporary(): boolean {
    return (
      this.code === "UNREACHABLE" ||
      this.code === "TIMEOUT" ||
      this.code === "TOO_MANY_REQUESTS" ||
      this.code === "SERVER_ERROR"
    );
  }
}

/** Whether `error` is a KubernetesError, with one of the codes when some are given. */
export function isKubernetesError(error: unknown, ...codes: readonly KubernetesErrorCode[]): error is KubernetesError {
  return error instanceof KubernetesError && (codes.length === 0 || codes.includes(error.code));
}

/** The text of anything that was thrown, for a message. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node gathers failed connection attempts (one per address) in an AggregateError whose own message is empty.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(errorText).join(", ");
  return error.message;
}

/** The meaning of the caller's signal that ended: its own time limit (`AbortSignal.timeout`) or an end from outside. */
export function abortError(signal: AbortSignal, what: string): KubernetesError {
  const end = endOf(signal, what);
  if (end instanceof KubernetesError) return end;
  if (end instanceof TimeError) return new KubernetesError(end.code, end.message, { cause: end.cause });
  return new KubernetesError("ABORTED", `${what}: ended by the caller`, { cause: end });
}

/** The error of a wait as one of this room; any other as it is. */
export function fromWait(error: unknown): unknown {
  return error instanceof TimeError ? new KubernetesError(error.code, error.message, { cause: error.cause }) : error;
}
