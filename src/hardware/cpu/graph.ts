import { ADDED_FLAGS, ADDED_PARENTS, ADDED_ROWS } from "./additions.ts";
import { buildGraph, type CpuEntry } from "./build.ts";
import { impliedFlags } from "./flags.ts";
import { ARCHSPEC_ROWS } from "./graph.generated.ts";

export type { CpuEntry } from "./build.ts";
export { ARM_VENDORS, DARWIN_FLAGS } from "./graph.generated.ts";

const GRAPH: ReadonlyMap<string, CpuEntry> = buildGraph({
  archspec: ARCHSPEC_ROWS,
  added: ADDED_ROWS,
  addedParents: ADDED_PARENTS,
  addedFlags: ADDED_FLAGS,
});

/** Every CPU name that is known, by canonical name: archspec's, and those it lacks (`source: "metahub"`). */
export function cpuGraph(): ReadonlyMap<string, CpuEntry> {
  return GRAPH;
}

/** Canonical names of a CPU and of all it descends from. A name nobody knows has only itself. */
export function cpuAncestors(name: string): ReadonlySet<string> {
  return GRAPH.get(name)?.ancestors ?? new Set([name]);
}

/** Every flag that a CPU of this canonical name has; none where nobody knows the name. */
export function cpuFlags(name: string): ReadonlySet<string> {
  return GRAPH.get(name)?.flags ?? impliedFlags([]);
}

/** Whether a CPU runs what was built for `ancestor`: it is that one or descends from it. Both names canonical. */
export function cpuDescendsFrom(name: string, ancestor: string): boolean {
  return name === ancestor || GRAPH.get(name)?.ancestors.has(ancestor) === true;
}
