import { isRecord } from "../../json/object.ts";
import { KubernetesError, type KubernetesErrorCode, type StatusCause } from "../error.ts";
import { stringOf } from "../object.ts";

const codes: Readonly<Record<number, KubernetesErrorCode>> = {
  400: "INVALID",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  408: "TIMEOUT",
  409: "CONFLICT",
  410: "GONE",
  413: "TOO_LARGE",
  422: "INVALID",
  429: "TOO_MANY_REQUESTS",
  504: "TIMEOUT",
};

function codeOf(status: number, reason: string | undefined): KubernetesErrorCode {
  if (status === 409 && reason === "AlreadyExists") return "ALREADY_EXISTS";
  // A watch reports an expired resourceVersion as reason Expired, an expired continue token as Expired or Gone.
  if (reason === "Expired" || reason === "Gone") return "GONE";
  return codes[status] ?? (status >= 500 ? "SERVER_ERROR" : "UNEXPECTED");
}

/** A longer text from the server is cut: a validation error may repeat the whole object. */
const maxMessage = 2_000;

/**
 * The error that a metav1.Status (or whatever stood in its place) tells.
 * @param what the request in words, e.g. `GET /api/v1/nodes`; must hold no secret.
 * @param retryAfterMs from the Retry-After header; the Status' own `details.retryAfterSeconds` is second.
 */
export function statusError(
  what: string,
  httpStatus: number | undefined,
  body: unknown,
  retryAfterMs?: number,
): KubernetesError {
  const status = isRecord(body) ? body : {};
  const details = isRecord(status["details"]) ? status["details"] : {};
  const code = httpStatus ?? (typeof status["code"] === "number" ? status["code"] : 500);
  const reason = stringOf(status["reason"]);
  const text = stringOf(status["message"]) ?? (typeof body === "string" ? body.trim() : "");
  const seconds = details["retryAfterSeconds"];
  const wait = retryAfterMs ?? (typeof seconds === "number" && seconds > 0 ? seconds * 1_000 : undefined);
  const message = `${what}: ${text === "" ? `status ${code}` : `${text.slice(0, maxMessage)} (status ${code})`}`;
  return new KubernetesError(codeOf(code, reason), message, {
    status: code,
    reason,
    retryAfterMs: wait,
    causes: causesOf(details["causes"]),
  });
}

function causesOf(value: unknown): StatusCause[] {
  if (!Array.isArray(value)) return [];
  const causes: StatusCause[] = [];
  for (const entry of value.slice(0, 100)) {
    if (!isRecord(entry)) continue;
    const reason = stringOf(entry["reason"]);
    const message = stringOf(entry["message"]);
    const field = stringOf(entry["field"]);
    causes.push({
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message: message.slice(0, maxMessage) }),
      ...(field === undefined ? {} : { field }),
    });
  }
  return causes;
}

/** Milliseconds of a Retry-After header (RFC 9110, 10.2.3: seconds or a date); the API server sends seconds. */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
