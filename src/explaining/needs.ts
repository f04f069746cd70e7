import { cpuDescendsFrom, cpuGraph } from "../hardware/cpu/graph.ts";
import { type Feature, formatFeature } from "../hardware/feature.ts";
import { namespaceKind } from "../hardware/namespace.ts";
import { readCapability, runs } from "../hardware/nvidia.ts";
import { nvidiaGpus } from "../hardware/nvidia-gpus.ts";
import { unreadableText } from "../oci/requirement.ts";
import type { Variant } from "../oci/variant.ts";
import { few } from "../text/few.ts";

/** One thing that a machine must offer, and who does. */
export interface Need {
  /** `nvcap:7.0 or nvptx:8.0`: any one of them will do. */
  readonly anyOf: readonly string[];
  /** The same in words. */
  readonly means: string;
}

/** Names that show who offers a feature: enough to recognize one. */
const maxExamples = 4;

/** The needs of a build, one for each group that it requires; none for the generic build. */
export function needsOf(variant: Pick<Variant, "requires">): readonly Need[] {
  return variant.requires.map((group) => ({
    anyOf: group.map(formatFeature),
    means: group.map(meaning).join(", or "),
  }));
}

function meaning(feature: Feature): string {
  const { namespace, value } = feature;
  if (namespace === unreadableText) return `nothing: ${value} cannot be understood, so no machine satisfies it`;
  switch (namespaceKind(namespace)) {
    case "cpu":
      return cpu(value);
    case "cpuflag":
      return `a CPU with ${value}`;
    case "capability":
      return capability(namespace === "nvptx" ? "nvptx" : "nvcap", value);
    case "target":
      return `an AMD GPU that runs code for ${value}`;
    case "version":
      return `${namespace} ${value} or later`;
    case "os-version":
      return `a Windows host that runs images of ${value}`;
    case "equality":
      return `${formatFeature(feature)} exactly`;
  }
}

function cpu(value: string): string {
  if (!cpuGraph().has(value)) return `a machine that declares cpu:${value} (no CPU of this name is known)`;
  // The nearest first: those are the names that a reader knows the required one by.
  const descendants = [...cpuGraph().values()]
    .filter(({ name }) => name !== value && cpuDescendsFrom(name, value))
    .sort((a, b) => a.ancestors.size - b.ancestors.size)
    .map(({ name }) => name);
  if (descendants.length === 0) return `a CPU that is ${value}`;
  return `a CPU that is ${value} or descends from it (${few(descendants, maxExamples)})`;
}

function capability(namespace: "nvcap" | "nvptx", value: string): string {
  const wanted = readCapability(value);
  const what = namespace === "nvptx" ? "compiles PTX" : "runs machine code";
  if (wanted === undefined) return `an NVIDIA GPU that ${what} for ${value}`;
  const fitting = nvidiaGpus.filter((gpu) => {
    const device = readCapability(gpu.capability)?.device;
    return device !== undefined && runs(namespace, device, wanted);
  });
  // Those of data centres are what most clusters have.
  const names = [
    ...fitting.filter(({ place }) => place === "data-center"),
    ...fitting.filter(({ place }) => place !== "data-center"),
  ].map((gpu) => `${gpu.names[0]} (${gpu.capability})`);
  const such = names.length === 0 ? "" : `, such as ${few(names, maxExamples)}`;
  return `an NVIDIA GPU that ${what} for ${value}${such}`;
}
