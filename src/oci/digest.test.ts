import { describe, expect, it } from "vitest";
import { computeDigest, isDigest, parseDigest, verifyDigest } from "./digest.ts";

const EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("digests", () => {
  it("are computed on the bytes", () => {
    expect(computeDigest(new Uint8Array())).toBe(EMPTY);
    expect(computeDigest(new Uint8Array(), "sha512")).toMatch(/^sha512:cf83e1357eefb8bd[0-9a-f]{112}$/);
  });

  it("are read", () => {
    expect(parseDigest(EMPTY)).toEqual({ algorithm: "sha256", hex: EMPTY.slice(7) });
    expect(isDigest(EMPTY)).toBe(true);
  });

  it.each([
    ["", "digest-invalid"],
    [":", "digest-invalid"],
    ["sha256", "digest-invalid"],
    ["sha256:", "digest-invalid"],
    [EMPTY.slice(0, -1), "digest-invalid"],
    [`${EMPTY}0`, "digest-invalid"],
    [EMPTY.toUpperCase(), "digest-invalid"],
    [EMPTY.replace("e3b0", "E3B0"), "digest-invalid"],
    [`${EMPTY}\n`, "digest-invalid"],
    [`sha512:${EMPTY.slice(7)}`, "digest-invalid"],
    [`blake3:${EMPTY.slice(7)}`, "digest-unsupported"],
    ["x".repeat(10_000_000), "digest-invalid"],
  ])("$1 (%#)", (text, code) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code }));
    expect(isDigest(text)).toBe(false);
  });

  it("tell that content is not what was asked for", () => {
    expect(() => verifyDigest(new Uint8Array(), EMPTY)).not.toThrow();
    expect(() => verifyDigest(new Uint8Array(1), EMPTY)).toThrow(expect.objectContaining({ code: "digest-mismatch" }));
  });
});
