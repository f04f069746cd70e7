import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { device, nvidia, unknown } from "../../../test/support/hardware/devices.ts";
import { formatFeature } from "../feature.ts";
import { createOffer, satisfies } from "../offer.ts";
import { parseFeature } from "../parse.ts";
import type { Profile } from "../profile.ts";
import type { AllocatedDevice, AttributeMapping } from "./device.ts";
import { type ContainerDevices, profileWithDevices } from "./profile.ts";

const node = (features: readonly string[], accelerators: readonly string[] = []): Profile => ({
  id: "0123456789ab",
  platform: { os: "linux", architecture: "amd64" },
  features: features.map((text) => parseFeature(text)),
  accelerators: accelerators.map((text) => parseFeature(text)),
  notes: [],
});
const gets = (devices: readonly AllocatedDevice[] | undefined, labels: ContainerDevices["labels"] = "none") => ({
  devices,
  labels,
});
const mapping: AttributeMapping = { driver: "gpu.nvidia.com", attribute: "cudaComputeCapability", namespace: "nvcap" };
const all = (capability: string) => ["cuda:13.0", `nvcap:${capability}`, "nvdriver:580.105.8"];

describe("what a node offers to a container that gets devices", () => {
  const labelled = node(["cpu:skylake"], ["nvcap:7.0", "nvdriver:535.1", "rocm:6.2", "gfx:gfx90a"]);
  test.each<[string, Profile, ContainerDevices, AttributeMapping[], string[]]>([
    ["the devices come ahead of labels", labelled, gets([nvidia("9.0.0")]), [], ["cpu:skylake", ...all("9.0")]],
    ["no device, no accelerator", labelled, gets([]), [], ["cpu:skylake"]],
    ["a device of a driver that nobody knows", labelled, gets([device("dra.net", {})]), [], ["cpu:skylake"]],
    ["a device of which nothing is known", labelled, gets([unknown("gpu.nvidia.com")]), [], ["cpu:skylake"]],
    ["devices that are not known", labelled, gets(undefined), [], ["cpu:skylake"]],
    [
      "what only labels can tell of such a device",
      labelled,
      gets([device("gpu.amd.com", { deviceID: "74a1", driverVersionFull: "6.8.5" })]),
      [],
      ["amddriver:6.8.5", "cpu:skylake", "gfx:gfx942", "rocm:6.2"],
    ],
    [
      "accelerators that its owner wants to count always: where no device speaks",
      labelled,
      gets([nvidia("9.0.0")], "unspoken"),
      [],
      ["cpu:skylake", "cuda:13.0", "gfx:gfx90a", "nvcap:9.0", "nvdriver:580.105.8", "rocm:6.2"],
    ],
    ["… and where devices are not known", node([], ["nvcap:7.0"]), gets(undefined, "unspoken"), [], ["nvcap:7.0"]],
    [
      "another GPU from a device plugin: both must be satisfied",
      node([], ["nvcap:7.0"]),
      gets([nvidia("9.0.0")], "also"),
      [],
      ["cuda:13.0", "nvcap:7.0", "nvcap:9.0", "nvdriver:580.105.8"],
    ],
    ["… which says nothing where the devices are not known", node([], ["nvcap:7.0"]), gets(undefined, "also"), [], []],
    ["… or one of them is not", node([], ["nvcap:7.0"]), gets([unknown("gpu.nvidia.com")], "also"), [], []],
    [
      "what is declared is believed first",
      node(["nvcap:8.6"]),
      gets([nvidia("9.0.0")]),
      [],
      ["cuda:13.0", "nvcap:8.6", "nvdriver:580.105.8"],
    ],
    ["unless the attribute is declared too", node(["nvcap:8.6"]), gets([nvidia("9.0.0")]), [mapping], all("9.0")],
    ["… also where the device does not tell it", node(["nvcap:8.6"]), gets([unknown("gpu.nvidia.com")]), [mapping], []],
    ["a declared one stays where no device is of that driver", node(["nvcap:8.6"]), gets([]), [mapping], ["nvcap:8.6"]],
  ])("%s", (_, profile, container, mappings, expected) => {
    const made = profileWithDevices(profile, container, mappings);
    expect(made.features.map(formatFeature)).toEqual(expected);
    expect(made.accelerators).toEqual([]);
    expect(made.platform).toEqual(profile.platform);
  });

  test("its id tells what is offered, and is not the node's", () => {
    const ids = [[nvidia("9.0.0")], [nvidia("9.0.0"), nvidia("9.0.0")], [nvidia("7.0.0")], []].map(
      (devices) => profileWithDevices(labelled, gets(devices), []).id,
    );
    expect(ids[0]).toBe(ids[1]);
    expect(new Set([...ids, labelled.id]).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/);
  });
});

test("a build that several devices run is one that each of them runs, and their order does not matter", () => {
  const capability = fc.constantFrom("7.0.0", "7.5.0", "8.0.0", "8.6.0", "9.0.0", "10.0.0");
  const builds = [
    "nvcap:7.0",
    "nvcap:8.0",
    "nvcap:8.6",
    "nvcap:9.0",
    "nvptx:7.0",
    "nvptx:8.6",
    "nvdriver:580",
    "cuda:13.1",
  ];
  const offerOf = (devices: readonly AllocatedDevice[]) => {
    const { platform, features } = profileWithDevices(node([]), gets(devices), []);
    return createOffer(platform, features);
  };
  fc.assert(
    fc.property(fc.array(capability, { minLength: 1, maxLength: 4 }), fc.constantFrom(...builds), (kinds, build) => {
      const devices = kinds.map((kind) => nvidia(kind));
      const required = parseFeature(build);
      const each = devices.every((one) => satisfies(offerOf([one]), required));
      expect(satisfies(offerOf(devices), required)).toBe(each);
      expect(satisfies(offerOf(devices.toReversed()), required)).toBe(each);
    }),
  );
});
