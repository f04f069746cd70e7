import { describe, expect, test } from "vitest";
import { HardwareError } from "./error.ts";
import type { Feature } from "./feature.ts";
import { implies } from "./implies.ts";
import { createOffer, satisfies } from "./offer.ts";
import { parseFeatureList, parseFeatures } from "./parse.ts";
import { compareAccelerator, compareIsa, featureClass } from "./rank.ts";
import { toRequirement } from "./requirement.ts";
import { compareVersions } from "./version.ts";

const mebibyte = 1 << 20;

function refusal(action: () => unknown): HardwareError {
  try {
    action();
  } catch (error) {
    if (error instanceof HardwareError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("text from a stranger's index", () => {
  test.each([
    ["4 MiB of a letter", "a".repeat(4 * mebibyte)],
    ["4 MiB of blanks", " ".repeat(4 * mebibyte)],
    ["4 MiB of separators", ":".repeat(4 * mebibyte)],
    ["4 MiB of digits", `nvcap:${"9".repeat(4 * mebibyte)}`],
    ["4 MiB of settings", `gfx90a${":x+".repeat(mebibyte)}`],
    ["null bytes", "cpu:\u0000\u0000"],
    ["half a surrogate", "cpu:\ud800"],
    ["a line break", "cpu:skylake\nmetahub.dev/rewrite: disabled"],
    ["a terminal's escape", "\u001b]0;title\u0007"],
    ["__proto__ as a namespace", "__proto__:polluted"],
  ])("%s: one short line with a code", (_what, text) => {
    const error = refusal(() => parseFeatures(text));
    expect(error.code).toBe("FEATURE_INVALID");
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).toMatch(/^[\x20-\x7e…]+$/);
  });

  test.each([
    ["4 MiB of commas", ",".repeat(4 * mebibyte)],
    ["4 MiB of features", "x:1,".repeat(mebibyte)],
    ["many features in few characters", Array.from({ length: 1000 }, (_, index) => `f${index}`).join(",")],
  ])("a list of %s is too long", (_what, text) => {
    expect(refusal(() => parseFeatureList(text)).code).toBe("FEATURE_LIST_TOO_LONG");
  });

  test.each(["constructor:x", "prototype:__proto__", "hasownproperty:1", "feature:__proto__", "tostring=valueof"])(
    "%s is a feature like any other",
    (text) => {
      const features = parseFeatures(text);
      const offer = createOffer({ os: "linux", architecture: "amd64" }, features);
      expect(features.map((feature) => satisfies(offer, feature))).toEqual([true]);
      expect(toRequirement(features)).toEqual([features]);
      expect(features.map(featureClass)).toEqual(["equality"]);
      expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    },
  );
});

describe("features that nobody parsed", () => {
  const strange: readonly Feature[] = [
    "nvcap",
    "nvptx",
    "cpu",
    "cpuflag",
    "gfx",
    "cuda",
    "os.version",
    "__proto__",
    "",
  ].flatMap((namespace) =>
    ["", ".", "__proto__", "constructor", "9.", ".a", "x".repeat(4096), ":::"].map((value) => ({ namespace, value })),
  );

  test("are compared without a crash, and never satisfied by a machine that says nothing", () => {
    const nothing = createOffer({ os: "plan9", architecture: "__proto__" }, []);
    for (const a of strange) {
      expect(satisfies(nothing, a)).toBe(false);
      for (const b of strange) {
        expect(typeof implies(a, b)).toBe("boolean");
        expect(compareAccelerator(a, b)).not.toBeNaN();
        expect(compareIsa([a], [b])).not.toBeNaN();
      }
    }
  });

  test("a device that cannot be read satisfies nothing", () => {
    const offer = createOffer({ os: "linux", architecture: "amd64" }, [{ namespace: "nvcap", value: "unknown" }]);
    expect(satisfies(offer, { namespace: "nvcap", value: "8.0" })).toBe(false);
    expect(satisfies(offer, { namespace: "nvptx", value: "3.0" })).toBe(false);
  });

  test("versions of a million digits are compared", () => {
    const long = `1${"0".repeat(mebibyte)}`;
    expect(compareVersions(long, `${long}0`)).toBeLessThan(0);
    expect(compareVersions("0".repeat(mebibyte), "")).toBe(0);
  });
});
