import { randomBytes } from "node:crypto";
import { formatTimedLines, inSeconds, parseTimedLines } from "./timed-lines.ts";

/**
 * A secret that stands first in the path of every review, so that only who was told of it is answered. The empty one is a
 * path without: webhook configurations of earlier versions call so.
 */
export interface PathSegment {
  /** 32 random bytes in hexadecimal digits, or empty. */
  readonly segment: string;
  /** The first was made then; the others were named by a configuration for the last time about then. */
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
  return parseTimedLines(text, {
    line,
    otherwise: "no path segment: expected a time and 32 characters or more",
    most: mostSegments,
    plural: "path segments",
  }).map(({ time, value }) => ({ segment: value === none ? "" : value, since: time }));
}

export function formatPathSegments(segments: PathSegments): string {
  return formatTimedLines(
    segments.map(({ segment, since }) => ({ time: since, value: segment === "" ? none : segment })),
  );
}

/**
 * 256 random bits, in hexadecimal digits: each segment of a Service's path must be a DNS subdomain in lower case
 * (k8s.io/apiserver/pkg/util/webhook/validation.go, validateWebhookServicePath).
 */
export function createPathSegment(now: Date): PathSegment {
  return { segment: randomBytes(32).toString("hex"), since: inSeconds(now) };
}

export interface PathSegmentRules {
  readonly now: Date;
  /** How long a segment is the first, ms; and how long it is still answered after a configuration named it last. */
  readonly lifeMs: number;
  /** The segments that configurations call at this moment: none of them is dropped, and one that is not known is taken up. */
  readonly named: ReadonlySet<string>;
  /**
   * Whether every configuration of this version names a segment. The time of the empty one, which earlier versions call,
   * runs from then on.
   */
  readonly standing: boolean;
}

/** A time that is refreshed at each look would be written at each look: it may be so old, as a share of a life. */
const refreshShare = 1 / 24;

/** The segments that there should be: the same ones where nothing is due. */
export function renewPathSegments(
  segments: PathSegments,
  { now, lifeMs, named, standing }: PathSegmentRules,
): PathSegments {
  const known = new Set(segments.map(({ segment }) => segment));
  const seen = [...named].filter((segment) => !known.has(segment) && (segment === "" || isPathSegment(segment)));
  const all = [...segments, ...seen.map((segment) => ({ segment, since: inSeconds(now) }))];
  const first = segments[0];
  const due = first === undefined || first.segment === "" || !isWithin(first.since, now, lifeMs);
  // It may have been named until this moment.
  const formerly = all.map((one, index) =>
    index === 0 && one.segment !== "" ? { ...one, since: inSeconds(now) } : one,
  );
  const [newest, ...others] = due ? [createPathSegment(now), ...formerly] : all;
  const inUse = others
    .filter(({ segment }) => named.has(segment))
    .map((one) => (one.segment === "" && standing ? one : refreshed(one, now, lifeMs)));
  const left = others.filter(({ segment, since }) => !named.has(segment) && isWithin(since, now, lifeMs));
  const result = [...(newest === undefined ? [] : [newest]), ...inUse, ...left].slice(0, mostSegments);
  const same = result.length === segments.length && result.every((one) => segments.includes(one));
  return same ? segments : result;
}

function refreshed(one: PathSegment, now: Date, lifeMs: number): PathSegment {
  return isWithin(one.since, now, lifeMs * refreshShare) ? one : { ...one, since: inSeconds(now) };
}

/** Also false for a time so far ahead that a clock must have been wrong. */
function isWithin(since: Date, now: Date, lifeMs: number): boolean {
  return Math.abs(now.getTime() - since.getTime()) < lifeMs;
}
