import { expect, test } from "vitest";
import { KeyError } from "./error.ts";
import {
  createPathSegment,
  formatPathSegments,
  type PathSegments,
  parsePathSegments,
  renewPathSegments,
} from "./path-segments.ts";

const hourMs = 3_600_000;
const lifeMs = 24 * hourMs;
const start = new Date("2026-11-28T12:00:00Z");
const after = (hours: number): Date => new Date(start.getTime() + hours * hourMs);
const renew = (segments: PathSegments, hours: number, ...named: readonly string[]): PathSegments =>
  renewPathSegments(segments, { now: after(hours), lifeMs, named: new Set(named), standing: true });
const texts = (segments: PathSegments): readonly string[] => segments.map(({ segment }) => segment);
const [a, b] = ["a".repeat(43), "b".repeat(43)];

test("what is written is read", () => {
  const segments = [createPathSegment(start), { segment: "", since: after(-1) }];
  expect(parsePathSegments(formatPathSegments(segments))).toEqual(segments);
  expect(segments[0]?.segment).toMatch(/^[0-9a-f]{64}$/);
  expect(parsePathSegments("")).toEqual([]);
});

test.each([
  ["no time", `soon ${a}`],
  ["a segment that could be guessed", `2026-11-28T12:00:00Z ${"a".repeat(31)}`],
  ["more than a segment", `2026-11-28T12:00:00Z ${"a".repeat(32)}/x`],
])("%s is refused, and not repeated", (_name, line) => {
  const read = (): unknown => parsePathSegments(`\n${line}\n`);
  expect(read).toThrow(KeyError);
  expect(read).toThrow(/^line 2 is no path segment: expected a time and 32 characters or more$/);
});

test("more segments than an installation has are refused", () => {
  const text = formatPathSegments([createPathSegment(start)]);
  expect(parsePathSegments(text.repeat(16))).toHaveLength(16);
  expect(() => parsePathSegments(text.repeat(17))).toThrow("more than 16 path segments");
});

test("a day after it was made another one comes first, and it is answered for a day more", () => {
  const first = renew([], 0);
  expect(first).toHaveLength(1);
  expect(renew(first, 23, ...texts(first))).toBe(first);
  const second = renew(first, 24, ...texts(first));
  expect(texts(second).slice(1)).toEqual(texts(first));
  const [current = ""] = texts(second);
  expect(renew(second, 47, current)).toBe(second);
  const third = renew(second, 48, current);
  expect(texts(third).slice(1)).toEqual([current]);
});

test("a segment is answered for a day after it was named last, however late that was", () => {
  const first = renew([], 0);
  const [named = ""] = texts(first);
  const late = renew(first, 40, named);
  const newest = texts(late)[0] ?? "";
  const kept = renew(renew(late, 60, named), 61, newest);
  expect(texts(kept)).toContain(named);
  expect(texts(renew(kept, 83, newest))).toContain(named);
  expect(texts(renew(kept, 85, newest))).not.toContain(named);
});

test("however many there are, those that are named stay", () => {
  const many = Array.from({ length: 16 }, (_, index) => ({ segment: index.toString(16).repeat(40), since: start }));
  expect(texts(renew(many, 1, ...texts(many).slice(-2), a))).toEqual(
    expect.arrayContaining([...texts(many).slice(-2), a]),
  );
});

test("a segment that a configuration still names is never dropped", () => {
  const first = renew([], 0);
  const [named = ""] = texts(first);
  let segments = first;
  for (let hours = 0; hours < 24 * 8; hours++) segments = renew(segments, hours, named);
  expect(texts(segments)).toContain(named);
});

test("what configurations name and nobody knows is taken up, behind a new one", () => {
  const found = renew([], 0, a, "");
  expect(texts(found).slice(1)).toEqual([a, ""]);
  expect(texts(found)[0]).not.toBe(a);
  expect(texts(renew(found, 23))).toEqual(texts(found));
  expect(texts(renew(found, 24, "")).slice(1)).toEqual(["", texts(found)[0]]);
});

test("the time of the empty segment runs from when every configuration of this version names one", () => {
  const rules = { lifeMs, named: new Set([""]) };
  const found = renewPathSegments([], { ...rules, now: start, standing: false });
  const late = renewPathSegments(found, { ...rules, now: after(20), standing: false });
  expect(late.find(({ segment }) => segment === "")?.since).toEqual(after(20));
  const standing = renewPathSegments(late, { ...rules, now: after(40), standing: true });
  expect(standing.find(({ segment }) => segment === "")?.since).toEqual(after(20));
  expect(texts(renew(standing, 45))).not.toContain("");
});

test("what is no segment is not taken up", () => {
  expect(texts(renew([{ segment: b, since: start }], 1, "mutate", "a b".repeat(20)))).toEqual([b]);
});

test("a time far ahead is a wrong clock's", () => {
  const ahead = [{ segment: b, since: after(48) }];
  expect(texts(renew(ahead, 0, b)).slice(1)).toEqual([b]);
});
