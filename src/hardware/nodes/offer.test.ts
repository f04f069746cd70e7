import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { avx512Flags, nfd, node, skylakeFlags, texts } from "../../../test/support/hardware/nodes.ts";
import { formatFeature } from "../feature.ts";
import type { Declaration } from "./labels.ts";
import { maxNoteLength, maxNotes, maxOffered, offerOfNode } from "./offer.ts";

const gpuLabels = {
  "nvidia.com/gpu.compute.major": "7",
  "nvidia.com/gpu.compute.minor": "0",
  "nvidia.com/cuda.driver-version.full": "535.104.5",
};
const skylake = nfd(["Intel", 6, 94], skylakeFlags);

describe("the first source that speaks of a namespace is believed", () => {
  const everything = {
    ...skylake,
    "archspec.io/cpu.target": "haswell",
    "metahub.dev/feature.cpu": "zen2",
    "example.com/cpu": "zen3",
  };
  const named = { featureLabels: [{ label: "example.com/cpu", namespace: "cpu" }] };
  test.each<[string, Record<string, string>, Declaration | undefined, string]>([
    ["declared", everything, { ...named, features: ["cpu:broadwell"] }, "cpu:broadwell"],
    ["featureLabels", everything, named, "cpu:zen3"],
    ["metahub.dev", everything, undefined, "cpu:zen2"],
    ["archspec.io", { ...skylake, "archspec.io/cpu.target": "haswell" }, undefined, "cpu:haswell"],
    ["nfd", skylake, undefined, "cpu:skylake"],
  ])("%s", (source, labels, declared, cpu) => {
    const offer = offerOfNode(node(labels), declared);
    expect(texts(offer).filter((text) => text.startsWith("cpu:"))).toEqual([cpu]);
    expect(offer.sources.get("cpu")).toBe(source);
  });

  test("per namespace: what one source leaves out, the next says", () => {
    const offer = offerOfNode(node({ ...skylake, ...gpuLabels }, { kernelVersion: "6.8.0-45-generic" }), {
      features: ["nvcap:9.0", "fabric:efa"],
    });
    expect(texts(offer)).toEqual(["cpu:skylake", "fabric:efa", "kernel:6.8.0-45-generic", "nvcap:9.0"]);
    expect(offer.accelerators.map(formatFeature)).toEqual(["nvdriver:535.104.5"]);
  });

  test("a feature that cannot be read is as if it were not said, with a note", () => {
    const offer = offerOfNode(node({ ...gpuLabels, "metahub.dev/feature.nvcap": "fast" }));
    expect(offer.accelerators.map(formatFeature)).toEqual(["nvcap:7.0", "nvdriver:535.104.5"]);
    expect(offer.notes[0]).toMatch(/^"nvcap:fast" \(from metahub.dev\) is not offered: /);
  });
});

describe("the scenario", () => {
  test.each([
    ["type1", ["cpu:broadwell"], ["cpu:broadwell"]],
    ["type3", ["cpu:coffelake"], ["cpu:coffelake"]],
    ["type4", ["cpu:broadwell", "nvcap:5.2"], ["cpu:broadwell", "nvcap:5.2"]],
    ["type4, spelled otherwise", ["cpu-broadwell", "nvcap_52"], ["cpu:broadwell", "nvcap:5.2"]],
  ])("%s", (_, features, offered) => {
    const offer = offerOfNode(node({}), { features });
    expect(texts(offer)).toEqual(offered);
    expect(offer.accelerators).toEqual([]);
    expect(offer.notes).toEqual([]);
  });
});

describe("accelerators", () => {
  test("from labels they are a device's; those that a machine type declares count always", () => {
    const labels = { ...gpuLabels, "example.com/cuda": "12.4", "beta.amd.com/gpu.driver-version.6.10.5": "1" };
    const offer = offerOfNode(node(labels), {
      features: ["nvcap:9.0"],
      featureLabels: [{ label: "example.com/cuda", namespace: "cuda" }],
    });
    expect(texts(offer)).toEqual(["cuda:12.4", "nvcap:9.0"]);
    expect(offer.accelerators.map(formatFeature)).toEqual(["amddriver:6.10.5", "nvdriver:535.104.5"]);
  });
});

describe("CPU flags", () => {
  test("those that the name implies are left out; others stay", () => {
    const labels = nfd(["Intel", 6, 94], `${skylakeFlags} AVX512VNNI GFNI`);
    expect(texts(offerOfNode(node(labels)))).toEqual(["cpu:skylake", "cpuflag:avx512_vnni", "cpuflag:gfni"]);
  });

  test("the name in force decides, whoever said it", () => {
    const labels = nfd(["Intel", 6, 85], `${skylakeFlags} ${avx512Flags}`);
    expect(texts(offerOfNode(node(labels), { features: ["cpu:skylake"] }))).toContain("cpuflag:avx512f");
  });
});

describe("platform", () => {
  test.each<[string, Parameters<typeof node>[1], Record<string, string>, Declaration["platform"], object]>([
    ["what the kubelet reports", {}, {}, undefined, { os: "linux", architecture: "amd64" }],
    [
      "what is declared, of a node that does not exist yet",
      { operatingSystem: "", architecture: "" },
      { "kubernetes.io/arch": "amd64" },
      { os: "linux", architecture: "arm64", variant: "v9" },
      { os: "linux", architecture: "arm64", variant: "v9" },
    ],
    [
      "a declared variant of what the kubelet reports",
      { architecture: "arm64" },
      {},
      { os: "linux", architecture: "aarch64", variant: "v9" },
      { os: "linux", architecture: "arm64", variant: "v9" },
    ],
    [
      "the kubelet where the declaration contradicts it",
      { architecture: "s390x" },
      {},
      { os: "linux", architecture: "amd64", variant: "v3" },
      { os: "linux", architecture: "s390x" },
    ],
    [
      "the kubelet's operating system too",
      { operatingSystem: "windows", kernelVersion: "10.0.20348.1" },
      {},
      { os: "linux", architecture: "amd64" },
      { os: "windows", architecture: "amd64", osVersion: "10.0.20348" },
    ],
    ["Go's names", { architecture: "aarch64" }, {}, undefined, { os: "linux", architecture: "arm64" }],
    [
      "labels, of a node that does not exist yet",
      { operatingSystem: "", architecture: "" },
      { "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64" },
      undefined,
      { os: "linux", architecture: "arm64" },
    ],
    [
      "old labels",
      { operatingSystem: "", architecture: "" },
      { "beta.kubernetes.io/arch": "amd64" },
      undefined,
      { os: "linux", architecture: "amd64" },
    ],
    [
      "Windows",
      { operatingSystem: "windows", kernelVersion: "10.0.20348.2402" },
      {},
      undefined,
      { os: "windows", architecture: "amd64", osVersion: "10.0.20348" },
    ],
    [
      "Windows, by label",
      { operatingSystem: "windows" },
      { "node.kubernetes.io/windows-build": "10.0.17763" },
      undefined,
      { os: "windows", architecture: "amd64", osVersion: "10.0.17763" },
    ],
  ])("%s", (_, facts, labels, declared, platform) => {
    expect(offerOfNode(node(labels, facts), declared === undefined ? {} : { platform: declared }).platform).toEqual(
      platform,
    );
  });

  test("a contradicted platform is told, and its CPU's name is not offered", () => {
    const declared = { platform: { os: "linux", architecture: "amd64" }, features: ["cpu:zen3", "fabric:efa"] };
    const offer = offerOfNode(node({}, { architecture: "arm64" }), declared);
    expect(texts(offer)).toContain("fabric:efa");
    expect(texts(offer)).not.toContain("cpu:zen3");
    expect(offer.notes).toEqual([
      '"cpu:zen3" (from declared) is not offered: it is no CPU of arm64.',
      'The machine type declares "linux/amd64", but the kubelet reports "linux/arm64": the kubelet is believed.',
    ]);
  });

  test("no CPU of the graph is offered on an architecture that the graph lacks; a name of its owner's is", () => {
    const offer = offerOfNode(node({}, { architecture: "s390x" }), { features: ["cpu:zen3", "cpu:z16"] });
    expect(texts(offer).filter((text) => text.startsWith("cpu:"))).toEqual(["cpu:z16"]);
  });

  test("a machine type without nodes that declares only its CPU", () => {
    const offer = offerOfNode(node({}, { operatingSystem: "", architecture: "" }), { features: ["cpu:neoverse_v1"] });
    expect(offer.platform).toEqual({ os: "linux", architecture: "arm64" });
  });

  test.each([
    ["nothing says it", ""],
    ["nobody can read it", "amd 64\u0000"],
  ])("unknown, with a note: %s", (_, architecture) => {
    const offer = offerOfNode(node({}, { architecture }));
    expect(offer.platform).toEqual({ os: "linux", architecture: "unknown" });
    expect(offer.notes.at(-1)).toBe("Nothing says the node's architecture: declare the machine type's platform.");
  });

  test("a Windows build is offered as os.version, and no kernel is", () => {
    const offer = offerOfNode(node({}, { operatingSystem: "windows", kernelVersion: "10.0.20348.2402" }));
    expect(texts(offer)).toEqual(["os.version:10.0.20348"]);
  });

  test("NFD's kernel label, where the kubelet says none", () => {
    const labels = { "feature.node.kubernetes.io/kernel-version.full": "6.1.0-18-cloud-amd64" };
    expect(texts(offerOfNode(node(labels)))).toEqual(["kernel:6.1.0-18-cloud-amd64"]);
  });
});

describe("hostile nodes", () => {
  test("notes are bounded, in number and in length, and one printable line each", () => {
    const labels = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`metahub.dev/feature.nvcap${i}\n`, "\u0000\u001b[31m".repeat(500)]),
    );
    const { notes, features } = offerOfNode(node(labels));
    expect(features).toEqual([]);
    expect(notes).toHaveLength(maxNotes);
    expect(notes.at(-1)).toBe("And 85 more.");
    for (const note of notes) {
      expect(note.length).toBeLessThanOrEqual(maxNoteLength);
      expect(note).toMatch(/^[\x20-\x7e…]*$/);
    }
  });

  test("features are bounded", () => {
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`metahub.dev/feature.x${i}`, "1"]));
    expect(offerOfNode(node(labels)).features).toHaveLength(maxOffered);
  });

  test("names of properties are no labels", () => {
    const labels: Record<string, string> = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    const offer = offerOfNode(node(labels), { featureLabels: [{ label: "toString", namespace: "fabric" }] });
    expect(offer.features).toEqual([]);
  });

  test("never throws, whatever labels and declarations hold", () => {
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...Object.keys({ ...skylake, ...gpuLabels }),
        "metahub.dev/feature.cpu",
        "archspec.io/cpu.target",
      ),
    );
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.string({ unit: "binary" })),
        fc.array(fc.string({ unit: "binary" })),
        fc.string(),
        (labels, features, architecture) => {
          const offer = offerOfNode(node(labels, { architecture, kernelVersion: architecture }), { features });
          expect(offer.notes.length).toBeLessThanOrEqual(maxNotes);
        },
      ),
    );
  });
});
