import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nfd, node, skylakeFlags } from "../../../test/support/hardware/nodes.ts";
import { formatFeature } from "../feature.ts";
import { internProfile, ProfileInterner } from "./intern.ts";
import { offerOfNode } from "./offer.ts";

const skylake = node(nfd(["Intel", 6, 94], skylakeFlags));

describe("the same content is the same object", () => {
  test("whatever else tells the nodes apart", () => {
    const profiles = new ProfileInterner();
    const one = profiles.profileOf({ ...skylake, labels: { ...skylake.labels, "kubernetes.io/hostname": "a" } });
    const other = profiles.profileOf({ ...skylake, labels: { "kubernetes.io/hostname": "b", ...skylake.labels } });
    expect(other).toBe(one);
    expect(profiles.profileOf(node({}), { features: ["cpu:skylake"] })).toBe(one);
    expect(profiles.profiles).toEqual([one]);
  });

  test("over snapshots", () => {
    const first = new ProfileInterner();
    const before = first.profileOf(skylake);
    const second = new ProfileInterner(first);
    expect(second.profileOf(skylake)).toBe(before);
    expect(new ProfileInterner(second).profileOf(node({}), { features: ["cpu:skylake"] })).toBe(before);
  });

  test("what no node has any more is left behind", () => {
    const first = new ProfileInterner();
    first.profileOf(skylake);
    first.profileOf(node({}));
    const second = new ProfileInterner(first);
    second.profileOf(node({}));
    expect(second.profiles).toHaveLength(1);
  });

  test("a machine type that changes changes its nodes' profiles", () => {
    const profiles = new ProfileInterner();
    const before = profiles.profileOf(skylake, { features: ["fabric:efa"] });
    expect(profiles.profileOf(skylake, { features: ["fabric:roce"] })).not.toBe(before);
  });

  test.each(["nvidia.com/gpu", "volcano.sh/vgpu-number"])("so do GPUs that become allocatable as %s", (resource) => {
    const labels = {
      "nvidia.com/gpu.count": "1",
      "nvidia.com/gpu.compute.major": "9",
      "nvidia.com/gpu.compute.minor": "0",
    };
    const profiles = new ProfileInterner();
    const offered = ["1", "4"].map((gpus) => profiles.profileOf(node(labels, { allocatable: { [resource]: gpus } })));
    expect(offered.map(({ accelerators }) => accelerators.map(formatFeature))).toEqual([["nvcap:9.0"], []]);
  });

  test("labels that a machine type names are seen to change", () => {
    const declared = { featureLabels: [{ label: "example.com/fabric", namespace: "fabric" }] };
    const profiles = new ProfileInterner();
    const efa = profiles.profileOf(node({ "example.com/fabric": "efa" }), declared);
    const roce = profiles.profileOf(node({ "example.com/fabric": "roce" }), declared);
    expect([efa, roce].map(({ features }) => features.map(formatFeature))).toEqual([["fabric:efa"], ["fabric:roce"]]);
  });
});

describe("ids", () => {
  test("are twelve hexadecimal digits that depend on what is offered alone", () => {
    const profile = internProfile(offerOfNode(skylake));
    expect(profile.id).toMatch(/^[0-9a-f]{12}$/);
    expect(internProfile({ ...offerOfNode(skylake), notes: ["said"] }).id).toBe(profile.id);
  });

  test("stay what they are from release to release: Pods are steered by them", () => {
    expect(internProfile(offerOfNode(node({}), { features: ["cpu:broadwell", "nvcap:5.2"] })).id).toBe("00dce9156622");
  });

  test("tell accelerators from features that count always", () => {
    const declared = internProfile(offerOfNode(node({}), { features: ["nvcap:9.0"] }));
    const labelled = internProfile(offerOfNode(node({ "metahub.dev/feature.nvcap": "9.0" })));
    expect(labelled.id).not.toBe(declared.id);
  });
});

test("remembering gives what reading gives", () => {
  const labels = fc.dictionary(
    fc.constantFrom(...Object.keys(skylake.labels), "nvidia.com/gpu.count", "metahub.dev/feature.fabric", "a/b"),
    fc.constantFrom("", "1", "true", "94", "efa"),
  );
  const profiles = new ProfileInterner();
  fc.assert(
    fc.property(labels, fc.constantFrom("", "1", "4"), (each, gpus) => {
      const one = node(each, { allocatable: { "nvidia.com/gpu": gpus } });
      expect(profiles.profileOf(one)).toEqual(internProfile(offerOfNode(one)));
    }),
  );
});
