import fc from "fast-check";
import { expect, test } from "vitest";
import { exceeded } from "./size.ts";

const none = { values: 1, members: 1 };
const of = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const most = { values: 65_536, members: 16_384 };
const map = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, key]));
const containers = (count: number, fields: number) => Array.from({ length: count }, () => map(fields));

/** As they are counted: the arrays and objects, and what comes behind the first in each. */
function sizeOf(value: unknown): { values: number; members: number } {
  if (typeof value !== "object" || value === null) return { values: 0, members: 0 };
  const within = Object.values(value);
  const inner = within.map(sizeOf);
  return {
    values: 1 + Math.max(0, within.length - 1) + inner.reduce((sum, { values }) => sum + values, 0),
    members: Math.max(within.length, ...inner.map(({ members }) => members)),
  };
}

test.each([
  ["a Pod of 1,000 containers with 20 fields each", containers(1_000, 20), undefined],
  ["one map of as many members as may be", map(16_384), undefined],
  ["one map of one more", map(16_385), "members"],
  ["a list of 20,000 containers", containers(20_000, 2), "members"],
  ["many maps within that, too many in all", containers(5, 15_000), "values"],
  ["very many empty lists, one in another", [], "values"],
  ["commas and brackets in a text", '[,"{'.repeat(100_000), undefined],
  ["a text of quotation marks", '"'.repeat(100_000), undefined],
  ["a text of backslashes at its end, and a list behind it", ["\\".repeat(101), map(16_385)], "members"],
])("%s", (name, value, expected) => {
  const text = name.startsWith("very many") ? Buffer.from("[".repeat(70_000)) : of(value);
  expect(exceeded(text, most)).toBe(expected);
});

test("what is counted is what is there, whatever the texts say", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue({ maxDepth: 6 }), texts()), fc.boolean(), (value, spaced) => {
      const { values, members } = sizeOf(value);
      const text = Buffer.from(JSON.stringify(value, undefined, spaced ? 1 : 0));
      // What is too short for its bounds is not looked at: as many spaces as that needs.
      const padded = Buffer.concat([text, Buffer.alloc(2 * Math.max(1, Math.min(values, members)), " ")]);
      expect(exceeded(padded, { values: Math.max(1, values), members: Math.max(1, members) })).toBe(undefined);
      if (members > 1) expect(exceeded(padded, { values, members: members - 1 })).toBe("members");
      if (values > 1) expect(exceeded(padded, { values: values - 1, members: members + 1 })).toBe("values");
    }),
  );
});

test("what is no JSON is gone over to its end", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...'[]{},:"\\a ')), (parts) => {
      expect([undefined, "values", "members"]).toContain(exceeded(Buffer.from(parts.join("")), none));
    }),
  );
});

/** Texts that are long enough for their end to be looked up, with quotation marks and backslashes anywhere. */
function texts() {
  const piece = fc.oneof(fc.constantFrom('"', "\\", ",", "["), fc.constant("x".repeat(61)));
  return fc.array(fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join("")));
}
