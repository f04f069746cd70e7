import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { avx512Flags, haswellFlags, nfd, node } from "../../../test/support/hardware/nodes.ts";
import { isRelevantLabel } from "./labels.ts";
import { offerOfNode } from "./offer.ts";

const gpuLabels = {
  "nvidia.com/gpu.compute.major": "7",
  "nvidia.com/gpu.compute.minor": "0",
  "nvidia.com/cuda.driver-version.full": "535.104.5",
};

describe("laws", () => {
  const relevant = fc.subarray(
    Object.entries({
      ...nfd(["Intel", 6, 85], `${haswellFlags} ${avx512Flags} ADX`),
      ...gpuLabels,
      "beta.amd.com/gpu.device-id.74a1": "8",
      "metahub.dev/feature.fabric": "efa__roce",
      "metahub.dev/feature.mpi": "openmpi",
      "kubernetes.io/arch": "amd64",
      "nvidia.com/mig-1g.5gb.product": "A100-MIG-1g.5gb",
      "nvidia.com/mig-2g.10gb.product": "H100-MIG-2g.10gb",
      "nvidia.com/gpu.product": "T4",
    }),
  );
  const irrelevant = fc.constantFrom(
    "kubernetes.io/hostname",
    "node.kubernetes.io/instance-type",
    "karpenter.sh/nodepool",
    "nvidia.com/gfd.timestamp",
    "nvidia.com/gpu.family",
    "feature.node.kubernetes.io/cpu-pstate.turbo",
    "feature.node.kubernetes.io/kernel-version.minor",
    "metahub.dev/profile",
    "beta.amd.com/gpu.family.AI",
    "constructor",
  );

  test("labels that say nothing of features change nothing", () => {
    fc.assert(
      fc.property(relevant, fc.dictionary(irrelevant, fc.stringMatching(/^[a-z0-9.]{0,20}$/)), (labels, more) => {
        const base = Object.fromEntries(labels);
        expect(offerOfNode(node({ ...more, ...base }))).toEqual(offerOfNode(node(base)));
      }),
    );
  });

  test("the order of labels does not matter", () => {
    fc.assert(
      fc.property(
        relevant.chain((labels) =>
          fc.tuple(fc.constant(labels), fc.shuffledSubarray(labels, { minLength: labels.length })),
        ),
        ([labels, shuffled]) => {
          expect(offerOfNode(node(Object.fromEntries(shuffled)))).toEqual(
            offerOfNode(node(Object.fromEntries(labels))),
          );
        },
      ),
    );
  });

  test("dropping every label that is not relevant changes nothing", () => {
    fc.assert(
      fc.property(relevant, fc.dictionary(irrelevant, fc.constantFrom("", "1")), (labels, more) => {
        const all = { ...Object.fromEntries(labels), ...more };
        const trimmed = Object.fromEntries(Object.entries(all).filter(([key]) => isRelevantLabel(key)));
        expect(offerOfNode(node(trimmed))).toEqual(offerOfNode(node(all)));
      }),
    );
  });
});
