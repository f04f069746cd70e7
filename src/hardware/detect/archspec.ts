import { archspecRows } from "../cpu/graph.generated.ts";
import { type CpuEntry, cpuGraph } from "../cpu/graph.ts";
import type { HostCpu } from "./cpuinfo.ts";

/**
 * The name of a host's CPU, by archspec's algorithm (archspec/cpu/detect.py, `host`): of the names that the host can
 * run, those of its own vendor that descend from the best generic one, and of these the one with the most ancestors,
 * then flags. So a niche flag that a BIOS switched off does not hide a good name. Names that archspec lacks take no
 * part: it is archspec's answer. A family that archspec lacks is answered with the family's own name.
 */
export function archspecName(host: HostCpu): string {
  const graph = cpuGraph();
  // In archspec's own order, as it keeps the first of equals (neoverse_v2 before neoverse_n2).
  const candidates = archspecRows
    .flatMap(({ name }) => graph.get(name) ?? [])
    .filter((entry) => entry.family === host.family && runs(host, entry));
  const bestGeneric = best(candidates.filter(({ vendor }) => vendor === "generic"));
  if (bestGeneric === undefined) {
    return host.family;
  }
  const samePart = candidates.filter(({ cpupart }) => cpupart !== undefined && cpupart === host.cpupart);
  const named = (samePart.length > 0 ? samePart : candidates).filter(
    (entry) => entry.name !== bestGeneric.name && entry.ancestors.has(bestGeneric.name),
  );
  return (best(named) ?? bestGeneric).name;
}

function runs(host: HostCpu, entry: CpuEntry): boolean {
  const ownOrGeneric = entry.vendor === host.vendor || entry.vendor === "generic";
  const hasFlags = () => entry.features.every((flag) => host.flags.has(flag));
  switch (host.family) {
    case "ppc64le":
    case "ppc64":
      return (entry.generation ?? 0) <= (host.generation ?? 0);
    case "riscv64":
      return entry.name === host.name || entry.vendor === "generic";
    case "aarch64":
      // No flags tell the levels of arm64 apart.
      if (entry.vendor === "generic" && entry.name !== "aarch64") {
        return false;
      }
      // macOS names the model, and not its flags.
      return host.name === undefined
        ? ownOrGeneric && hasFlags()
        : ownOrGeneric && cpuGraph().get(host.name)?.ancestors.has(entry.name) === true;
    case "x86_64":
      return ownOrGeneric && hasFlags();
    default:
      return entry.vendor === "generic";
  }
}

/** The first of those with the most ancestors, then the most flags. */
function best(entries: readonly CpuEntry[]): CpuEntry | undefined {
  let found: CpuEntry | undefined;
  for (const entry of entries) {
    if (found === undefined || rank(entry) > rank(found)) {
      found = entry;
    }
  }
  return found;
}

/** Ancestors as archspec counts them: the graph holds levels of ours too. No name has a thousand flags. */
function rank(entry: CpuEntry): number {
  const graph = cpuGraph();
  const ancestors = [...entry.ancestors].filter((name) => graph.get(name)?.source === "archspec").length;
  return ancestors * 1000 + entry.features.length;
}
