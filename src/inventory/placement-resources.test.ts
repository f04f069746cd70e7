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
