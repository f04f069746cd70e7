import type { ByteRange } from "../registry/range.ts";

/**
 * Reads the `Range` of a request as RFC 9110, 14.2: one range of bytes. Undefined for anything else, which a server may
 * answer as if it were not there; so too where `If-Range` names another version than `etag`.
 */
export function readRange(
  header: string | undefined,
  ifRange: string | undefined,
  etag: string,
): ByteRange | undefined {
  if (header === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.replaceAll(" ", "")) ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") return Number(last) === 0 ? undefined : { suffix: Number(last) };
  if (last === "") return { first: Number(first) };
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) };
}
