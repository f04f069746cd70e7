import { runsTarget } from "./amd.ts";
import { impliedFlags } from "./cpu/flags.ts";
import { cpuDescendsFrom, cpuFlags } from "./cpu/graph.ts";
import type { Feature } from "./feature.ts";
import { namespaceKind } from "./namespace.ts";
import { capabilityImplies } from "./nvidia.ts";
import { compareVersions } from "./version.ts";
import { sameOsVersion } from "./windows.ts";

/**
 * Whether every machine that satisfies the (canonical) feature `a` satisfies `b`: `cpu:skylake` implies
 * `cpu:broadwell`, `cpu:x86_64_v3` and `cpuflag:avx2`; `cuda:12.4` implies `cuda:12.0`. A preorder.
 */
export function implies(a: Feature, b: Feature): boolean {
  const kind = namespaceKind(a.namespace);
  if (a.namespace !== b.namespace) {
    const other = namespaceKind(b.namespace);
    if (kind === "cpu" && other === "cpuflag") return cpuFlags(a.value).has(b.value);
    return kind === "capability" && other === "capability" && capabilityImplies(a, b);
  }
  if (a.value === b.value) return true;
  switch (kind) {
    case "cpu":
      return cpuDescendsFrom(a.value, b.value);
    case "cpuflag":
      return impliedFlags([a.value]).has(b.value);
    case "capability":
      return capabilityImplies(a, b);
    case "target":
      return runsTarget(a.value, b.value);
    case "version":
      return compareVersions(a.value, b.value) >= 0;
    case "os-version":
      return sameOsVersion(a.value, b.value);
    case "equality":
      return false;
  }
}
