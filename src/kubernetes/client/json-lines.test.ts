import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter } from "./json-lines.ts";

function splitInto(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const chunks: Buffer[] = [];
  let start = 0;
  for (const place of [...places, bytes.length]) {
    chunks.push(bytes.subarray(start, place));
    start = place;
  }
  return chunks;
}

describe("LineSplitter", () => {
  test("lines are the same however the bytes are cut, within characters too", () => {
    const line = fc.string({ unit: "binary", minLength: 0, maxLength: 20 }).map((text) => JSON.stringify({ text }));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), (lines, cuts) => {
        const splitter = new LineSplitter(10_000);
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(""), "utf8");
        const found = splitInto(bytes, cuts).flatMap((chunk) => [...splitter.push(chunk)]);
        expect(found).toEqual(lines);
        expect(splitter.pending).toBe(0);
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  test.each([
    ["a cut within a euro sign", [Buffer.from([0x22, 0xe2]), Buffer.from([0x82, 0xac, 0x22, 0x0a])], ['"€"'], 0],
    ["empty lines and carriage returns", [Buffer.from("\n\r\n1\r\n")], ["1"], 0],
    ["a line without an end", [Buffer.from("1\n2")], ["1"], 1],
  ])("%s", (_, chunks, lines, pending) => {
    const splitter = new LineSplitter(100);
    expect(chunks.flatMap((chunk) => [...splitter.push(chunk)])).toEqual(lines);
    expect(splitter.pending).toBe(pending);
  });

  test("a line over the bound ends it, also when it comes in small pieces", () => {
    const splitter = new LineSplitter(8);
    expect([...splitter.push(Buffer.from("12345678\n"))]).toEqual(["12345678"]);
    expect(() => {
      for (let n = 0; n < 9; n++) for (const _ of splitter.push(Buffer.from("x")));
    }).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });
});
