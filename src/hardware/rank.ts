import { closeness } from "./amd.ts";
import { impliedFlags } from "./cpu/flags.ts";
import { cpuAncestors, cpuFlags } from "./cpu/graph.ts";
import { cpuReach, reach } from "./cpu/reach.ts";
import type { Feature } from "./feature.ts";
import { type FeatureClass, namespaceClass, namespaceKind } from "./namespace.ts";
import { readCapability } from "./nvidia.ts";
import { compareVersions } from "./version.ts";

export type { FeatureClass } from "./namespace.ts";

/** The class in which a feature counts when variants are ranked. */
export function featureClass(feature: Feature): FeatureClass {
  return namespaceClass(feature.namespace);
}

/** Devices before drivers; among drivers an order that is only there to be the same everywhere. */
const accelerators: readonly string[] = ["amddriver", "rocm", "cuda", "nvdriver", "gfx", "nvcap"];

function compareCapability(a: Feature, b: Feature): number {
  const [x, y] = [readCapability(a.value), readCapability(b.value)];
  if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined);
  const suffixes = ["", "f", "a"];
  const suffix = suffixes.indexOf(x.suffix) - suffixes.indexOf(y.suffix);
  if (suffix !== 0) return suffix;
  const code = Number(a.namespace === "nvcap") - Number(b.namespace === "nvcap");
  return code === 0 ? x.device - y.device : code;
}

/**
 * Which of two features of the accelerator class fits more closely; positive when it is `a`. NVIDIA: `a` before `f`
 * before plain, then machine code before PTX, then the higher. AMD: exact with settings, exact, generic. Drivers: the
 * higher version. Across namespaces: devices before drivers. A total preorder.
 */
export function compareAccelerator(a: Feature, b: Feature): number {
  const place = ({ namespace }: Feature): number => accelerators.indexOf(namespace === "nvptx" ? "nvcap" : namespace);
  const order = place(a) - place(b);
  if (order !== 0) return order;
  switch (namespaceKind(a.namespace)) {
    case "capability":
      return compareCapability(a, b);
    case "target":
      return closeness(a.value) - closeness(b.value);
    default:
      return compareVersions(a.value, b.value);
  }
}

/** The measures of an ISA requirement, in the order in which they count. */
interface IsaWeight {
  readonly reach: number;
  readonly flags: number;
  readonly ancestors: number;
}

function weigh(features: readonly Feature[]): IsaWeight {
  const [first, ...more] = features;
  if (first?.namespace === "cpu" && more.length === 0) {
    const flags = cpuFlags(first.value);
    return {
      reach: cpuReach(first.value) ?? reach(flags),
      flags: flags.size,
      ancestors: cpuAncestors(first.value).size,
    };
  }
  const cpus = features.filter(({ namespace }) => namespace === "cpu").map(({ value }) => value);
  const named = features.filter(({ namespace }) => namespace === "cpuflag").map(({ value }) => value);
  const flags = impliedFlags([...named, ...cpus.flatMap((cpu) => [...cpuFlags(cpu)])]);
  const ancestors = new Set(cpus.flatMap((cpu) => [...cpuAncestors(cpu)]));
  return { reach: reach(flags), flags: flags.size, ancestors: ancestors.size };
}

/**
 * Which of two ISA requirements (one `cpu` or `cpuflag` per group) asks for more; positive when it is `a`.
 *
 * The rule is: the larger set of flags if one contains the other, then more ancestors. Taken pair by pair that goes
 * round in circles (a list of flags has no ancestors, an old name has many), so it is measured by three numbers, each of
 * which respects containment: how many of archspec's names have no flag beyond these, how many flags, how many
 * ancestors. Where neither contains the other this differs from counting ancestors only for an old name against a
 * newer level: on a skylake, `x86_64_v3` (AVX2) is more than `westmere`.
 * A total preorder.
 */
export function compareIsa(a: readonly Feature[], b: readonly Feature[]): number {
  const [x, y] = [weigh(a), weigh(b)];
  return x.reach - y.reach || x.flags - y.flags || x.ancestors - y.ancestors;
}
