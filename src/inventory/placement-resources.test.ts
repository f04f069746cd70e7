import { expect, test } from "vitest";
import { parseDeviceClassResource, parseRuntimeClass } from "./placement-resources.ts";

test.each<[string, object, object]>([
  ["no scheduling", { handler: "runc" }, {}],
  ["empty scheduling", { scheduling: {} }, {}],
  [
    "both",
    { scheduling: { nodeSelector: { kata: "true" }, tolerations: [{ key: "kata", operator: "Exists" }] } },
    { nodeSelector: { kata: "true" }, tolerations: [{ key: "kata", operator: "Exists" }] },
  ],
])("a RuntimeClass with %s", (_name, object, expected) => {
  expect(parseRuntimeClass(object)).toEqual(expected);
});

test("a DeviceClass serves an extended resource where it says so", () => {
  expect(parseDeviceClassResource({ spec: { extendedResourceName: "nvidia.com/gpu" } })).toBe("nvidia.com/gpu");
  expect(parseDeviceClassResource({ spec: {} })).toBeUndefined();
});

test.each([
  [
    "a number for a label",
    { scheduling: { nodeSelector: { kata: 1 } } },
    /scheduling.nodeSelector.kata: must be of type string/,
  ],
  [
    "an object for the tolerations",
    { scheduling: { tolerations: {} } },
    /scheduling.tolerations: must be of type array/,
  ],
])("a RuntimeClass with %s is refused, with the place", (_name, object, words) => {
  expect(() => parseRuntimeClass(object)).toThrow(words);
});

test("seconds of a toleration, which placement does not read, are passed over", () => {
  const object = { scheduling: { tolerations: [{ key: "a", tolerationSeconds: 3 }] } };
  expect(parseRuntimeClass(object)).toEqual({ tolerations: [{ key: "a" }] });
});
