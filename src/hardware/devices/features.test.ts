import { describe, expect, test } from "vitest";
import { device, nvidia, unknown } from "../../../test/support/hardware/devices.ts";
import { formatFeature } from "../feature.ts";
import type { AllocatedDevice, AttributeMapping } from "./device.ts";
import { askedAttributes } from "./drivers.ts";
import { deviceFeatures, unknownDevice } from "./features.ts";

const own = (attribute: string, namespace: string): AttributeMapping => ({
  driver: "gpu.example.com",
  attribute,
  namespace,
});
const says = (devices: readonly AllocatedDevice[], mappings: readonly AttributeMapping[] = []) =>
  Object.fromEntries(
    [...deviceFeatures(devices, mappings).statements].map(([namespace, { features }]) => [
      namespace,
      features.map(formatFeature),
    ]),
  );

describe("what one device says", () => {
  test.each<[string, AllocatedDevice, Record<string, string[]>]>([
    [
      "NVIDIA's GPU: a semantic version of three numbers is a capability of two",
      nvidia("9.0.0"),
      { nvcap: ["nvcap:9.0"], nvdriver: ["nvdriver:580.105.8"], cuda: ["cuda:13.0"] },
    ],
    [
      "NVIDIA's MIG device, with attributes that say less",
      nvidia("8.0.0", { type: "mig", profile: "1g.5gb", architecture: "Ampere", productName: "NVIDIA A100" }),
      { nvcap: ["nvcap:8.0"], nvdriver: ["nvdriver:580.105.8"], cuda: ["cuda:13.0"] },
    ],
    [
      "NVIDIA's device for a virtual machine says nothing",
      device("gpu.nvidia.com", { type: "vfio", productName: "NVIDIA A100" }),
      { nvcap: [], nvdriver: [], cuda: [] },
    ],
    ["a capability that is none", nvidia("nine"), { nvcap: [], nvdriver: ["nvdriver:580.105.8"], cuda: ["cuda:13.0"] }],
    [
      "AMD's GPU: the target by its PCI id, the driver in full",
      device("gpu.amd.com", { deviceID: "0x74a1", driverVersion: "6.19.14", driverVersionFull: "6.19.14.31400000" }),
      { gfx: ["gfx:gfx942"], amddriver: ["amddriver:6.19.14.31400000"] },
    ],
    [
      "AMD's GPU of an older release, which could not read its driver's version",
      device("gpu.amd.com", { deviceID: "0x740f", driverVersion: "0.0.0" }),
      { gfx: ["gfx:gfx90a"], amddriver: [] },
    ],
    [
      "AMD's GPU with an id that nobody knows",
      device("gpu.amd.com", { deviceID: "0xffff", driverVersion: "6.8.5" }),
      { gfx: [], amddriver: ["amddriver:6.8.5"] },
    ],
    ["Intel's GPU", device("gpu.intel.com", { model: "Max 1550", family: "Max" }), {}],
    ["a driver that nobody knows", device("dra.net", { rdma: "true" }), {}],
    ["a device that is in no ResourceSlice", unknown("gpu.nvidia.com"), { nvcap: [], nvdriver: [], cuda: [] }],
  ])("%s", (_, given, expected) => expect(says([given])).toEqual(expected));

  test.each<[string, AttributeMapping[], Record<string, string>, Record<string, string[]>]>([
    ["a mapping", [own("capability", "nvcap")], { capability: "sm_90" }, { nvcap: ["nvcap:9.0"] }],
    ["another spelling of a namespace", [own("cc", "Compute-Capability")], { cc: "9.0.0" }, { nvcap: ["nvcap:9.0"] }],
    [
      "the driver's own domain written out",
      [own("gpu.example.com/model", "model")],
      { model: "Data Center GPU Max 1550" },
      { model: ["model:data-center-gpu-max-1550"] },
    ],
    [
      "a domain that is not the driver's",
      [own("resource.kubernetes.io/pcieRoot", "pcie")],
      { "resource.kubernetes.io/pcieRoot": "pci0000" },
      { pcie: ["pcie:pci0000"] },
    ],
    ["an attribute that is absent", [own("capability", "nvcap")], {}, { nvcap: [] }],
    ["PTX, which no device is", [own("capability", "nvcap")], { capability: "compute_90" }, { nvcap: [] }],
    ["a value with a comma", [own("model", "model")], { model: "a,b" }, { model: [] }],
  ])("an owner's attribute: %s", (_, mappings, attributes, expected) => {
    expect(says([device("gpu.example.com", attributes)], mappings)).toEqual(expected);
  });

  test("an owner's attribute replaces what is known of the driver, in its namespace", () => {
    const mapping = { driver: "gpu.nvidia.com", attribute: "compat", namespace: "cuda" };
    const given = nvidia("9.0.0", { compat: "13.3" });
    expect(says([given], [mapping])).toMatchObject({ cuda: ["cuda:13.3"], nvcap: ["nvcap:9.0"] });
    expect(deviceFeatures([given], [mapping]).statements.get("cuda")?.mapped).toBe(true);
  });
});

describe("what several devices say together", () => {
  const any = [own("fabric", "fabric")];
  const card = (...fabric: readonly string[]) => device("gpu.example.com", { fabric });
  test.each<[string, AllocatedDevice[], AttributeMapping[], Record<string, string[]>]>([
    ["equal ones, once", [nvidia("9.0.0"), nvidia("9.0.0")], [], { nvcap: ["nvcap:9.0"] }],
    [
      "different ones: both must be satisfied",
      [nvidia("7.0.0"), nvidia("9.0.0")],
      [],
      { nvcap: ["nvcap:7.0", "nvcap:9.0"] },
    ],
    ["one that does not tell", [nvidia("9.0.0"), device("gpu.nvidia.com", {})], [], { nvcap: [] }],
    ["one that does not tell, first", [unknown("gpu.nvidia.com"), nvidia("9.0.0")], [], { nvcap: [] }],
    ["one of another kind does not count", [nvidia("9.0.0"), device("dra.net", {})], [], { nvcap: ["nvcap:9.0"] }],
    [
      "two vendors: each its own",
      [nvidia("9.0.0"), device("gpu.amd.com", { deviceID: "74a1" })],
      [],
      { nvcap: ["nvcap:9.0"], gfx: ["gfx:gfx942"] },
    ],
    ["of values where any counts, those of both", [card("efa", "ib"), card("ib")], any, { fabric: ["fabric:ib"] }],
    ["and none where they have none", [card("efa"), card("ib")], any, { fabric: [] }],
    ["no device", [], [], {}],
  ])("%s", (_, devices, mappings, expected) => expect(says(devices, mappings)).toMatchObject(expected));

  test("the notes name the device and what is missing", () => {
    const { notes } = deviceFeatures([unknown("gpu.nvidia.com"), device("gpu.amd.com", { deviceID: "1" })], []);
    expect(notes).toEqual([
      'Device "gpu-0" of "gpu.nvidia.com" is in no ResourceSlice, so nothing is known of it.',
      'Device "gpu-0" of "gpu.amd.com" does not tell gfx: deviceID is absent or not known.',
      'Device "gpu-0" of "gpu.amd.com" does not tell amddriver: driverVersion, driverVersionFull is absent or not known.',
    ]);
  });

  test("only a device of which something should be known is unknown", () => {
    expect(unknownDevice([unknown("dra.net"), nvidia("9.0.0")], [])).toBeUndefined();
    expect(unknownDevice([unknown("gpu.nvidia.com")], [])).toContain('"gpu.nvidia.com" is in no ResourceSlice');
    expect(unknownDevice([unknown("gpu.example.com")], [own("a", "b")])).toBeDefined();
  });
});

test("only the attributes that are read need to be kept", () => {
  const asked = askedAttributes([
    own("gpu.example.com/a", "x"),
    { driver: "gpu.amd.com", attribute: "b", namespace: "y" },
  ]);
  expect(Object.fromEntries([...asked].map(([driver, names]) => [driver, [...names].sort()]))).toEqual({
    "gpu.nvidia.com": ["cudaComputeCapability", "cudaDriverVersion", "driverVersion"],
    "gpu.amd.com": ["b", "deviceID", "driverVersion", "driverVersionFull"],
    "gpu.example.com": ["a"],
  });
});
