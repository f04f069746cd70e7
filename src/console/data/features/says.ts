import { amdGpus } from "../../../hardware/amd-gpus.ts";
import { cpuGraph } from "../../../hardware/cpu/graph.ts";
import type { Feature } from "../../../hardware/feature.ts";
import { namespaceKind } from "../../../hardware/namespace.ts";
import { nvidiaGpus } from "../../../hardware/nvidia-gpus.ts";
import { few } from "../../../text/few.ts";

/** Names that a line shows: enough to recognize one. */
const mostNames = 4;

/** Vendors as archspec spells them, and as people do. */
const vendors: ReadonlyMap<string, string> = new Map([
  ["GenuineIntel", "Intel"],
  ["AuthenticAMD", "AMD"],
  ["HygonGenuine", "Hygon"],
  ["CentaurHauls", "Centaur"],
]);

/** Namespaces whose values are versions, in words. */
const versions: ReadonlyMap<string, string> = new Map([
  ["nvdriver", "NVIDIA driver"],
  ["cuda", "CUDA version that the driver supports"],
  ["rocm", "ROCm"],
  ["amddriver", "AMD GPU driver"],
  ["kernel", "Linux kernel"],
]);

/** One line on a feature that machines offer, whether or not its value is in a table. */
export function says(feature: Feature): string {
  const { namespace, value } = feature;
  switch (namespaceKind(namespace)) {
    case "cpu":
      return saysCpu(value);
    case "cpuflag":
      return `CPU flag ${value}`;
    case "capability":
      return saysCapability(namespace, value);
    case "target":
      return saysTarget(value);
    case "version":
      return `${versions.get(namespace) ?? namespace} ${value}`;
    case "os-version":
      return `Windows build ${value}`;
    case "equality":
      return `${namespace} is exactly ${value}`;
  }
}

function saysCpu(value: string): string {
  const entry = cpuGraph().get(value);
  if (entry === undefined)
    return "CPU that no table knows: counts where it is declared and asked for by this very name";
  const { vendor, parents, family } = entry;
  if (parents.length === 0) return `Any CPU of the ${family} architecture`;
  const after = few(parents, mostNames);
  if (vendor === "generic") return `Level of the ${family} architecture, above ${after}`;
  return `${vendors.get(vendor) ?? vendor} CPU of the ${family} architecture, descends from ${after}`;
}

function saysCapability(namespace: string, value: string): string {
  const bare = value.replace(/[af]$/, "");
  const names = nvidiaGpus.find(({ capability }) => capability === bare)?.names ?? [];
  const such = names.length === 0 ? "" : `: ${few(names, mostNames)}`;
  return namespace === "nvptx"
    ? `PTX that NVIDIA drivers compile from capability ${value} on${such}`
    : `NVIDIA GPU of compute capability ${value}${such}`;
}

function saysTarget(value: string): string {
  const processor = value.split(":")[0] ?? value;
  if (processor.endsWith("-generic"))
    return `Code for every AMD GPU of the family ${processor.slice(0, -"-generic".length)}`;
  const product = amdGpus.get(processor);
  return product === undefined ? `AMD GPU target ${value}` : `AMD GPU target ${value}: ${product}`;
}
