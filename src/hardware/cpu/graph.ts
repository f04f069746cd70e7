import { addedRows, flagAdditions, parentAdditions } from "./additions.ts";
import { buildGraph, type CpuEntry } from "./build.ts";
import { impliedFlags } from "./flags.ts";
import { archspecRows } from "./graph.generated.ts";

export type { CpuEntry } from "./build.ts";
export { armVendors, darwinFlags } from "./graph.generated.ts";

const cpuNodes: ReadonlyMap<string, CpuEntry> = buildGraph({
  archspec: archspecRows,
  added: addedRows,
  addedParents: parentAdditions,
  addedFlags: flagAdditions,
});

/** Every CPU name that is known, by canonical name: archspec's, and those it lacks (`source: "metahub"`). */
export function cpuGraph(): ReadonlyMap<string, CpuEntry> {
  return cpuNodes;
}

/** Canonical names of a CPU and of all it descends from. A name nobody knows has only itself. */
export function cpuAncestors(name: string): ReadonlySet<string> {
  return cpuNodes.get(name)?.ancestors ?? new Set([name]);
}

/** Every flag that a CPU of this canonical name has; none where nobody knows the name. */
export function cpuFlags(name: string): ReadonlySet<string> {
  return cpuNodes.get(name)?.flags ?? impliedFlags([]);
}

/** Whether a CPU runs what was built for `ancestor`: it is that one or descends from it. Both names canonical. */
export function cpuDescendsFrom(name: string, ancestor: string): boolean {
  return name === ancestor || cpuNodes.get(name)?.ancestors.has(ancestor) === true;
}
