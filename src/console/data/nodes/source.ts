import type { Feature } from "../../../hardware/feature.ts";
import { canonicalNamespace } from "../../../hardware/namespace.ts";
import {
  amd,
  amdBeta,
  archspecTarget,
  type Declaration,
  metahubFeature,
  type NodeLabels,
  nfd,
  nfdKernel,
  nvidia,
  windowsBuildLabel,
} from "../../../hardware/nodes/labels.ts";
import { nfdFlag } from "../../../hardware/nodes/nfd-flags.ts";
import type { FeatureSource } from "../../../hardware/nodes/statement.ts";
import { shorten } from "../../../text/shorten.ts";

/** Labels that are named of several that a feature is made of. */
const mostLabels = 3;
/** Characters of a label that are shown: a name has 317 at most, a value 63. */
const mostOfLabel = 160;

/**
 * Where a node's feature comes from: `declared`, the labels that it was read from as `name=value`, or the field of the
 * node. Every label that is named is one that the node has.
 */
export function sourceOf(feature: Feature, source: FeatureSource, node: NodeLabels, declared?: Declaration): string {
  if (source === "declared") return "declared";
  if (source === "node" && node.kernelVersion !== "") return `status.nodeInfo.kernelVersion=${node.kernelVersion}`;
  const isOne = labelsOf(feature, source, declared);
  const keys = Object.keys(node.labels).filter(isOne).sort(modelFirst);
  if (keys.length === 0) return source;
  const shown = keys.slice(0, mostLabels).map((key) => shorten(`${key}=${node.labels[key]}`, mostOfLabel));
  const more = keys.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more labels` : shown.join(", ");
}

/** Whether a label is one that the source read the feature from, by its name. */
function labelsOf(
  { namespace, value }: Feature,
  source: FeatureSource,
  declared: Declaration | undefined,
): (key: string) => boolean {
  switch (source) {
    case "featureLabels": {
      const own = (declared?.featureLabels ?? []).filter((one) => means(one.namespace, namespace));
      const keys = new Set(own.map(({ label }) => label));
      return (key) => keys.has(key);
    }
    case "metahub.dev":
      return (key) => key.startsWith(metahubFeature) && means(key.slice(metahubFeature.length), namespace);
    case "archspec.io":
      return (key) => key === archspecTarget;
    case "nfd":
      return namespace === "cpu" ? isOfCpu : (key) => flagOf(key) === value;
    case "nvidia":
      return startsWithAny(nvidiaNames(namespace).map((name) => nvidia + name));
    case "amd": {
      const property = namespace === "gfx" ? "device-id" : "driver-version";
      return startsWithAny([amd + property, amdBeta + property]);
    }
    case "node":
      return (key) => key === (namespace === "kernel" ? nfdKernel : windowsBuildLabel);
    default:
      return () => false;
  }
}

function means(spelled: string, namespace: string): boolean {
  return canonicalNamespace(spelled.toLowerCase()) === namespace;
}

/** The CPU's name is read from its ids, and held to its flags. */
function isOfCpu(key: string): boolean {
  return key.startsWith(`${nfd}cpu-model.`) || flagOf(key) !== undefined;
}

function flagOf(key: string): string | undefined {
  for (const prefix of [`${nfd}cpu-cpuid.`, `${nfd}cpuid-`]) {
    if (key.startsWith(prefix)) return nfdFlag(key.slice(prefix.length));
  }
  return undefined;
}

function nvidiaNames(namespace: string): readonly string[] {
  if (namespace === "nvdriver") return ["cuda.driver"];
  return namespace === "cuda" ? ["cuda.runtime"] : ["gpu.compute."];
}

function startsWithAny(prefixes: readonly string[]): (key: string) => boolean {
  return (key) => prefixes.some((prefix) => key.startsWith(prefix));
}

/** The ids of a CPU say more than any of its flags. */
function modelFirst(left: string, right: string): number {
  const [a, b] = [left, right].map((key) => (key.startsWith(`${nfd}cpu-model.`) ? 0 : 1));
  return (a ?? 0) - (b ?? 0) || (left < right ? -1 : 1);
}
