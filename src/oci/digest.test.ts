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
    ["", "digest-invalid"],
    [":", "digest-invalid"],
    ["sha256", "digest-invalid"],
    ["sha256:", "digest-invalid"],
    [empty.slice(0, -1), "digest-invalid"],
    [`${empty}0`, "digest-invalid"],
    [empty.toUpperCase(), "digest-invalid"],
    [empty.replace("e3b0", "E3B0"), "digest-invalid"],
    [`${empty}\n`, "digest-invalid"],
    [`sha512:${empty.slice(7)}`, "digest-invalid"],
    [`blake3:${empty.slice(7)}`, "digest-unsupported"],
    ["x".repeat(10_000_000), "digest-invalid"],
  ])("$1 (%#)", (text, code) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code }));
    expect(isDigest(text)).toBe(false);
  });

  test("tell that content is not what was asked for", () => {
    expect(() => verifyDigest(new Uint8Array(), empty)).not.toThrow();
    expect(() => verifyDigest(new Uint8Array(1), empty)).toThrow(expect.objectContaining({ code: "digest-mismatch" }));
  });
});
