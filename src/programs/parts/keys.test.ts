import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { formatPathSegments, type PathSegment } from "../../keys/path-segments.ts";
import { createSigningKey, formatSigningKeys } from "../../keys/signing-keys.ts";
import type { SecretData } from "../../kubernetes/secrets/secret.ts";
import { FollowedKeys } from "./keys.ts";

const [a, b] = ["5f".repeat(32), "a0".repeat(32)];
const key = createSigningKey(new Date("2026-01-01T00:00:00Z"));
const at = (segment: string): PathSegment => ({ segment, since: new Date("2026-01-01T00:00:00Z") });
const data = (...segments: readonly string[]): SecretData => ({
  paths: formatPathSegments(segments.map(at)),
  "note-keys": formatSigningKeys([key]),
});

let write: (data: SecretData) => void;
let keys: FollowedKeys;
let clock: ManualClock;
let answered: readonly string[];
const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  clock = new ManualClock();
  const secret = {
    place: "Secret n/keys",
    read: (reader: (data: SecretData) => void) => {
      write = reader;
      return () => undefined;
    },
  };
  keys = new FollowedKeys(secret, pino({}, { write: (line) => void lines.push(line) }), clock);
  keys.onSegments((segments) => {
    answered = segments;
  });
});

test("the keys of the Secret count, and each change of them", async () => {
  let there = false;
  const waited = keys.there(AbortSignal.timeout(10_000)).then(() => {
    there = true;
  });
  write({ paths: formatPathSegments([at(a)]) });
  await Promise.resolve();
  expect([there, answered]).toEqual([false, [a]]);
  write(data(b, a));
  await waited;
  expect([answered, keys.noteKeys]).toEqual([[b, a], [key]]);
});

test.each<[string, SecretData]>([
  ["nothing", {}],
  ["texts that are none", { paths: "x", "note-keys": "y" }],
])("%s changes nothing, and the log says so without telling them", (_name, broken) => {
  write(data(a));
  write(broken);
  expect([answered, keys.noteKeys]).toEqual([[a], [key]]);
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toContain(a);
});

test("a segment that vanished is answered for a minute, and one that comes back for as long as it is there", async () => {
  write(data(a));
  write(data(b));
  expect(answered).toEqual([b, a]);
  await clock.advance(59_999);
  expect(answered).toEqual([b, a]);
  await clock.advance(1);
  expect(answered).toEqual([b]);
  write(data(a));
  write(data(b, a));
  await clock.advance(120_000);
  expect(answered).toEqual([b, a]);
});

test("the empty segment ends at once", () => {
  write(data(a, ""));
  expect(answered).toEqual([a, ""]);
  write(data(a));
  expect(answered).toEqual([a]);
});

test("it leaves no timer behind", () => {
  write(data(a));
  write(data(b));
  keys.close();
  expect(clock.waits).toEqual([]);
});
