import { describe, expect, test } from "vitest";
import { computeDigest, isDigest, parseDigest, verifyDigest } from "./digest.ts";

const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("digests", () => {
  test("are computed on the bytes", () => {
    expect(computeDigest(new Uint8Array())).toBe(empty);
    expect(computeDigest(new Uint8Array(), "sha512")).toMatch(/^sha512:cf83e1357eefb8bd[0-9a-f]{112}$/);
  });

  test("are read", () => {
    expect(parseDigest(empty)).toEqual({ algorithm: "sha256", hex: empty.slice(7) });
    expect(isDigest(empty)).toBe(true);
  });

  test.each([
    ["", "DIGEST_INVALID"],
    [":", "DIGEST_INVALID"],
    ["sha256", "DIGEST_INVALID"],
    ["sha256:", "DIGEST_INVALID"],
    [empty.slice(0, -1), "DIGEST_INVALID"],
    [`${empty}0`, "DIGEST_INVALID"],
    [empty.toUpperCase(), "DIGEST_INVALID"],
    [empty.replace("e3b0", "E3B0"), "DIGEST_INVALID"],
    [`${empty}\n`, "DIGEST_INVALID"],
    [`sha512:${empty.slice(7)}`, "DIGEST_INVALID"],
    [`blake3:${empty.slice(7)}`, "DIGEST_UNSUPPORTED"],
    ["x".repeat(10_000_000), "DIGEST_INVALID"],
  ])("$1 (%#)", (text, code) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code }));
    expect(isDigest(text)).toBe(false);
  });

  test("tell that content is not what was asked for", () => {
    expect(() => verifyDigest(new Uint8Array(), empty)).not.toThrow();
    expect(() => verifyDigest(new Uint8Array(1), empty)).toThrow(expect.objectContaining({ code: "DIGEST_MISMATCH" }));
  });
});
