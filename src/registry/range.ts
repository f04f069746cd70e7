/** One range of bytes as RFC 9110, 14.1.2, has it: from `first` to `last` (to the end if absent), or the last `suffix`. */
export type ByteRange = { readonly first: number; readonly last?: number | undefined } | { readonly suffix: number };

/** A range that an answer holds: both ends belong to it. */
export interface ServedRange {
  readonly first: number;
  readonly last: number;
  /** Bytes of the whole; undefined where the server does not know. */
  readonly total: number | undefined;
}

/** The value of a `Range` header; undefined where it would be none. */
export function formatRange(range: ByteRange): string | undefined {
  if ("suffix" in range) return isCount(range.suffix) && range.suffix > 0 ? `bytes=-${range.suffix}` : undefined;
  const { first, last } = range;
  if (!isCount(first) || (last !== undefined && (!isCount(last) || last < first))) return undefined;
  return `bytes=${first}-${last ?? ""}`;
}

/** Reads the `Content-Range` of a 206; undefined where it is none, or contradicts itself. */
export function readContentRange(header: string | undefined): ServedRange | undefined {
  const [, first, last, whole] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined) return undefined;
  const total = whole === "*" ? undefined : Number(whole);
  const served = { first: Number(first), last: Number(last), total };
  if (served.last < served.first || (total !== undefined && served.last >= total)) return undefined;
  return served;
}

/** The bytes of the whole, as a 416 says them in its `Content-Range`. */
export function readUnsatisfiedSize(header: string | undefined): number | undefined {
  const size = /^bytes \*\/(\d{1,15})$/i.exec(header ?? "")?.[1];
  return size === undefined ? undefined : Number(size);
}

/** Whether what was served begins where it was asked to, and does not go beyond what was asked. It may end earlier. */
export function answersRange(served: ServedRange, asked: ByteRange): boolean {
  if ("suffix" in asked) {
    return served.total !== undefined && served.first === Math.max(served.total - asked.suffix, 0);
  }
  return served.first === asked.first && served.last <= (asked.last ?? Number.MAX_SAFE_INTEGER);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
