import type { Dispatcher } from "undici";
import { RegistryError } from "./error.ts";
import { tooLarge } from "./live-body.ts";
import { type AnswerHead, type HttpRequest, isPacked } from "./message.ts";

/** Status and headers of an answer. `now`: milliseconds since the epoch. */
export function readAnswerHead(
  { headers, statusCode }: Dispatcher.ResponseData,
  url: URL,
  now: () => number,
): AnswerHead {
  const header = (key: string): string | undefined => {
    const value = headers[key];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  return { status: statusCode, header, url, retryAfterMs: retryAfter(header("retry-after"), now) };
}

/** Nothing to check where no body comes. @throws RegistryError INVALID, TOO_LARGE */
export function checkHead(head: AnswerHead, request: HttpRequest, name: string): void {
  if (request.method === "HEAD") return;
  // Bytes in any other shape than asked for could not be verified, and unpacking them invites bombs.
  if (isPacked(head)) {
    throw new RegistryError("INVALID", `${name}: answered with a content encoding that was not asked for`);
  }
  if (Number(head.header("content-length") ?? 0) > request.maxBytes) throw tooLarge(name, request.maxBytes);
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfter(value: string | undefined, now: () => number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - now(), 0);
}
