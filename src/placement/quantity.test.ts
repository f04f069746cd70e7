import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseQuantity } from "./quantity.ts";

describe("parseQuantity", () => {
  test.each([
    ["0", 0n],
    ["1", 1n],
    ["+8", 8n],
    ["-1", -1n],
    ["1k", 1000n],
    ["2Ki", 2048n],
    ["1.5Ki", 1536n],
    ["1Ei", 1n << 60n],
    ["3M", 3_000_000n],
    ["2e3", 2000n],
    ["2E3", 2000n],
    ["1E", 10n ** 18n],
    ["25e-1", 3n],
    ["1000m", 1n],
    ["1500m", 2n],
    ["1n", 1n],
    ["-1500m", -1n],
    [".5", 1n],
    ["5.", 5n],
    ["9223372036854775807", 9223372036854775807n],
  ])("%s is %s whole units", (text, units) => {
    expect(parseQuantity(text)).toBe(units);
  });

  test.each(["", " ", ".", "k", "1 ", "1kB", "0x10", "1e", "1e999", "one", "1.2.3", "Infinity", "9".repeat(65)])(
    "refuses %j",
    (text) => {
      expect(parseQuantity(text)).toBeUndefined();
    },
  );

  test("reads every whole number as itself, in units and in thousandths", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n }), (units) => {
        expect(parseQuantity(`${units}`)).toBe(units);
        expect(parseQuantity(`${units}000m`)).toBe(units);
      }),
    );
  });
});
