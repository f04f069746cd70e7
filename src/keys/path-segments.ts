import { randomBytes } from "node:crypto";
import { KeyError } from "./error.ts";

/**
 * A secret that stands first in the path of every review, so that only who was told of it is answered. The empty one is a
 * path without: webhook configurations of earlier versions call so.
 */
export interface PathSegment {
  /** 32 random bytes in hexadecimal digits, or empty. */
  readonly segment: string;
  /** When it was made, or first seen. */
  readonly since: Date;
}

/** The one that configurations are to name comes first; the others are still answered. */
export type PathSegments = readonly PathSegment[];

/** Segments that are read and kept at most: two are usual. */
const mostSegments = 16;
/** How the empty one is written. */
const none = "-";
const line = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (-|[A-Za-z0-9_-]{32,256})$/;
/** At least 128 random bits, in hexadecimal digits or base64url: nothing that a URL would write otherwise. */
const form = /^[A-Za-z0-9_-]{32,256}$/;

/** Whether a text can be a segment. */
export function isPathSegment(text: string): boolean {
  return form.test(text);
}

/**
 * Reads segments as a Secret holds them: one a line, `SINCE SEGMENT`, the time in RFC 3339; `-` is the empty one.
 * @throws KeyError that names the line, and repeats nothing of it
 */
export function parsePathSegments(text: string): PathSegments {
  const segments = text.split(/\r?\n/).flatMap((given, index): PathSegment[] => {
    if (given.trim() === "") return [];
    const [, time = "", segment = ""] = line.exec(given.trim()) ?? [];
    const since = new Date(time);
    if (Number.isNaN(since.getTime())) {
      throw new KeyError(
        "KEYS_INVALID",
        `line ${index + 1} is no path segment: expected a time and 32 characters or more`,
      );
    }
    return [{ segment: segment === none ? "" : segment, since }];
  });
  if (segments.length > mostSegments) throw new KeyError("KEYS_INVALID", `more than ${mostSegments} path segments`);
  return segments;
}

export function formatPathSegments(segments: PathSegments): string {
  return segments
    .map(({ segment, since }) => `${since.toISOString().slice(0, 19)}Z ${segment === "" ? none : segment}\n`)
    .join("");
}

/**
 * 256 random bits, in hexadecimal digits: each segment of a Service's path must be a DNS subdomain in lower case
 * (k8s.io/apiserver/pkg/util/webhook/validation.go, validateWebhookServicePath).
 */
export function createPathSegment(now: Date): PathSegment {
  return { segment: randomBytes(32).toString("hex"), since: toSeconds(now) };
}

export interface PathSegmentRules {
  readonly now: Date;
  /** How long a segment is the first, ms; and how long it is still answered after that. */
  readonly lifeMs: number;
  /** The segments that configurations call at this moment: none of them is dropped, and one that is not known is taken up. */
  readonly named: ReadonlySet<string>;
}

/** The segments that there should be: the same ones where nothing is due. */
export function renewPathSegments(segments: PathSegments, { now, lifeMs, named }: PathSegmentRules): PathSegments {
  const known = new Set(segments.map(({ segment }) => segment));
  const seen = [...named].filter((segment) => !known.has(segment) && (segment === "" || isPathSegment(segment)));
  const all = [...segments, ...seen.map((segment) => ({ segment, since: toSeconds(now) }))];
  const first = segments[0];
  const due = first === undefined || first.segment === "" || !isWithin(first.since, now, lifeMs);
  const wanted = due ? [createPathSegment(now), ...all] : all;
  const kept = wanted.filter(({ segment, since }, index) => {
    const next = wanted[index - 1];
    if (next === undefined || named.has(segment)) return true;
    return isWithin(new Date(Math.max(next.since.getTime(), since.getTime())), now, lifeMs);
  });
  const result = kept.slice(0, mostSegments);
  const same = result.length === segments.length && result.every((one, index) => one === segments[index]);
  return same ? segments : result;
}

/** Also false for a time so far ahead that a clock must have been wrong. */
function isWithin(since: Date, now: Date, lifeMs: number): boolean {
  return Math.abs(now.getTime() - since.getTime()) < lifeMs;
}

/** As it is written. */
function toSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1_000) * 1_000);
}
