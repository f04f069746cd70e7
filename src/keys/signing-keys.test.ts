import { expect, test } from "vitest";
import { KeyError } from "./error.ts";
import {
  createSigningKey,
  formatSigningKeys,
  parseSigningKeys,
  renewSigningKeys,
  type SigningKeyRules,
  type SigningKeys,
  signingKey,
} from "./signing-keys.ts";

const dayMs = 86_400_000;
const start = new Date("2026-11-28T12:00:00Z");
const rules = (now: Date): SigningKeyRules => ({ now, signsForMs: 30 * dayMs, verifiesForMs: 400 * dayMs });
const after = (days: number): Date => new Date(start.getTime() + days * dayMs);
const ids = (keys: SigningKeys): readonly string[] => keys.map(({ id }) => id);

test("what is written is read", () => {
  const keys = [createSigningKey(start), createSigningKey(after(30))];
  expect(parseSigningKeys(formatSigningKeys(keys))).toEqual(keys);
  expect(parseSigningKeys("")).toEqual([]);
});

test.each([
  ["no time", "soon AAAA"],
  ["a secret that is too short", `2026-11-28T12:00:00Z ${"A".repeat(42)}`],
  ["a day that there is not", `2026-13-28T12:00:00Z ${"A".repeat(43)}`],
])("%s is refused, and not repeated", (_name, line) => {
  const read = (): unknown => parseSigningKeys(`\n${line}\n`);
  expect(read).toThrow(KeyError);
  expect(read).toThrow(/^line 2 is no key: expected a time and 32 bytes in base64url$/);
});

test("more keys than an installation has are refused", () => {
  const text = formatSigningKeys([createSigningKey(start)]);
  expect(parseSigningKeys(text.repeat(32))).toHaveLength(32);
  expect(() => parseSigningKeys(text.repeat(33))).toThrow("more than 32 keys");
});

test("the first key signs at once, and the next one once every replica has read it", () => {
  const first = renewSigningKeys([], rules(start));
  expect(signingKey(first, start)).toBe(first[0]);
  expect(renewSigningKeys(first, rules(after(29)))).toBe(first);

  const second = renewSigningKeys(first, rules(after(30)));
  expect(ids(second).slice(1)).toEqual(ids(first));
  expect(signingKey(second, after(30))?.id).toBe(first[0]?.id);
  expect(signingKey(second, new Date(after(30).getTime() + 600_000))?.id).toBe(second[0]?.id);
});

test("a key verifies for as long as was said after its last signature, and their number has a bound", () => {
  let keys: SigningKeys = [];
  for (let day = 0; day < 3_000; day++) keys = renewSigningKeys(keys, rules(after(day)));
  expect(keys.length).toBeLessThanOrEqual(16);
  // The key that signed a year ago still verifies.
  expect(signingKey(keys, after(3_000 - 366))).toBeDefined();
});

test("before the time of the first key it signs all the same: the clock of who made it may be ahead", () => {
  const keys = [createSigningKey(after(2)), createSigningKey(after(1))];
  expect(signingKey(keys, start)).toBe(keys[1]);
  expect(signingKey([], start)).toBeUndefined();
});
