import { describe, expect, test } from "vitest";
import { askedAttributes } from "../hardware/devices/drivers.ts";
import { trimSlice } from "./device-slice.ts";

const asked = askedAttributes([
  { driver: "gpu.example.com", attribute: "kind", namespace: "kind" },
  { driver: "gpu.example.com", attribute: "resource.kubernetes.io/pcieRoot", namespace: "pcie" },
]);
const slice = (driver: string, devices?: unknown, more: object = {}) => ({
  metadata: { name: "s" },
  spec: {
    driver,
    pool: { name: "a/b", generation: 3, resourceSliceCount: 1 },
    ...more,
    ...(devices === undefined ? {} : { devices }),
  },
});
const kept = (attributes: object) =>
  Object.fromEntries(
    trimSlice(slice("gpu.example.com", [{ name: "d", attributes }]), asked)?.devices.get("d") ?? new Map(),
  );

describe("of a ResourceSlice is kept", () => {
  test("what makes a device out, and the attributes that are asked about", () => {
    const devices = [
      {
        name: "gpu-0",
        attributes: { cudaComputeCapability: { version: "9.0.0" }, uuid: { string: "GPU-1" } },
        capacity: { memory: { value: "80Gi" } },
        taints: [{ key: "a", effect: "NoSchedule" }],
      },
      { name: "gpu-1" },
    ];
    expect(trimSlice(slice("gpu.nvidia.com", devices, { nodeName: "n" }), asked)).toEqual({
      driver: "gpu.nvidia.com",
      pool: "a/b",
      generation: 3,
      devices: new Map([
        ["gpu-0", new Map([["cudaComputeCapability", ["9.0.0"]]])],
        ["gpu-1", new Map()],
      ]),
    });
  });

  test.each<[string, object, Record<string, readonly string[]>]>([
    ["text", { kind: { string: "a" } }, { kind: ["a"] }],
    ["a number", { kind: { int: 8 } }, { kind: ["8"] }],
    [
      "zero and false",
      { kind: { int: 0 }, "resource.kubernetes.io/pcieRoot": { bool: false } },
      { kind: ["0"], "resource.kubernetes.io/pcieRoot": ["false"] },
    ],
    ["a list", { kind: { versions: ["1.0.0", "2.0.0"] } }, { kind: ["1.0.0", "2.0.0"] }],
    ["the driver's own domain written out", { "gpu.example.com/kind": { string: "a" } }, { kind: ["a"] }],
    ["another domain", { "example.com/kind": { string: "a" } }, {}],
    ["a kind of value that nobody knows yet", { kind: { quantity: "1Gi" } }, { kind: [] }],
    ["text that is too long", { kind: { string: "a".repeat(65) } }, { kind: [] }],
  ])("%s", (_, attributes, expected) => expect(kept(attributes)).toEqual(expected));

  test("nothing of a driver that nobody asks about, even where it cannot be read", () => {
    expect(trimSlice({ spec: { driver: "dra.net", pool: 1 } }, asked)).toBeUndefined();
  });

  test("a slice without devices (of shared counters alone)", () => {
    expect(trimSlice(slice("gpu.nvidia.com"), asked)?.devices.size).toBe(0);
  });

  test.each([
    ["no spec", {}],
    ["more devices than a slice can have", slice("gpu.nvidia.com", Array(129).fill({ name: "a" }))],
  ])("an error for %s", (_, object) => expect(() => trimSlice(object, asked)).toThrow());
});
