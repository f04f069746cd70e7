import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ListSplitter } from "./list-splitter.ts";

function split(bytes: Buffer, cuts: readonly number[], maxItemBytes = 10_000, onPassedOver?: (bytes: number) => void) {
  const splitter = new ListSplitter(maxItemBytes, onPassedOver);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const items: unknown[] = [];
  let start = 0;
  for (const place of [...places, bytes.length]) {
    for (const item of splitter.push(bytes.subarray(start, place))) items.push(JSON.parse(item));
    start = place;
  }
  return { items, frame: splitter.finish() };
}

describe("ListSplitter", () => {
  test.each([[[]], [[3]], [[20, 40, 60]]])("an item that is too large is passed over and told, cut at %j", (cuts) => {
    const large = { name: "x".repeat(50) };
    const told: number[] = [];
    const bytes = Buffer.from(JSON.stringify({ kind: "List", items: [{ a: 1 }, large, large, { b: 2 }] }));
    const { items, frame } = split(bytes, cuts, 40, (size) => told.push(size));
    expect([items, frame]).toEqual([[{ a: 1 }, { b: 2 }], '{"kind":"List","items":[]}']);
    expect(told).toEqual(Array(2).fill(JSON.stringify(large).length));
  });

  test("any list, however it is cut, gives its items and the frame around them", () => {
    const value = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
    const object = fc.dictionary(fc.string(), value);
    const before = fc.dictionary(
      fc.string().filter((key) => key !== "items"),
      value,
    );
    const list = fc.tuple(before, fc.array(object), before).map(([head, items, tail]) => ({ ...head, items, ...tail }));
    fc.assert(
      fc.property(list, fc.array(fc.nat()), fc.constantFrom(undefined, 1), (given, cuts, indent) => {
        const { items, frame } = split(Buffer.from(JSON.stringify(given, null, indent)), cuts);
        // Through JSON once: -0 and the like do not survive it.
        expect(items).toEqual(JSON.parse(JSON.stringify(given.items)));
        expect(JSON.parse(frame)).toEqual(JSON.parse(JSON.stringify({ ...given, items: [] })));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test.each([
    ["an item that holds items", '{"items":[{"items":[{"a":1}]}]}', [{ items: [{ a: 1 }] }], '{"items":[]}'],
    [
      "items that stand deeper",
      '{"metadata":{"items":[{"a":1}]},"items":[]}',
      [],
      '{"metadata":{"items":[{"a":1}]},"items":[]}',
    ],
    ["items within a string", '{"a":"\\"items\\":[{}]","items":[{}]}', [{}], '{"a":"\\"items\\":[{}]","items":[]}'],
    ["null items", '{"items":null}', [], '{"items":null}'],
    ["no list", '{"kind":"Status"}', [], '{"kind":"Status"}'],
    ["cut off within an item", '{"items":[{"a":1},{"a"', [{ a: 1 }], ""],
    ["cut off between items", '{"items":[{"a":1},', [{ a: 1 }], ""],
    ["cut off behind them", '{"items":[{"a":1}]', [{ a: 1 }], '{"items":[]'],
  ])("%s", (_, text, items, frame) => {
    expect(split(Buffer.from(text), [])).toEqual({ items, frame });
    expect(
      split(
        Buffer.from(text),
        [...text].map((_each, place) => place),
      ),
    ).toEqual({ items, frame });
  });

  test.each([
    ["an item over the bound", '{"items":[{"a":"0123456789"}]}', "TOO_LARGE"],
    ["an item that is no object", '{"items":[1]}', "MALFORMED"],
  ])("%s", (_, text, code) => {
    expect(() => split(Buffer.from(text), [], 12)).toThrow(expect.objectContaining({ code }));
  });

  test("a frame without end", () => {
    const splitter = new ListSplitter(10);
    const chunk = Buffer.alloc(100_000, " ");
    expect(() => {
      for (let n = 0; n < 20; n++) for (const _ of splitter.push(chunk));
    }).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });
});
