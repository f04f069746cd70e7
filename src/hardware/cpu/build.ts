import { HardwareError, quote } from "../error.ts";
import { familyFlags, impliedFlags } from "./flags.ts";
import type { CpuRow } from "./row.ts";

/** One CPU name of the graph. */
export interface CpuEntry {
  readonly name: string;
  readonly parents: readonly string[];
  /** As archspec spells it: `GenuineIntel`, `AuthenticAMD`, `ARM`, …; `generic` for a level or an architecture. */
  readonly vendor: string;
  /** The flags that archspec lists for this very name, with `sse3` where it lists `ssse3`, as archspec adds it. */
  readonly features: readonly string[];
  /** Power only. */
  readonly generation?: number;
  /** ARM only: the "CPU part" of /proc/cpuinfo, `0xd0c`. */
  readonly cpupart?: string;
  /** With itself. */
  readonly ancestors: ReadonlySet<string>;
  /** Every flag such a CPU has: its own, its ancestors', and what they imply. */
  readonly flags: ReadonlySet<string>;
  /** The root it descends from: `x86_64`, `aarch64`, … */
  readonly family: string;
  /** `archspec`, or `metahub` for a name that archspec lacks: detection by archspec's algorithm leaves those out. */
  readonly source: "archspec" | "metahub";
}

/** The rows that a graph is built from. */
export interface CpuData {
  readonly archspec: readonly CpuRow[];
  readonly added?: readonly CpuRow[];
  readonly addedParents?: ReadonlyMap<string, readonly string[]>;
  readonly addedFlags?: ReadonlyMap<string, string>;
}

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

function invalid(problem: string): HardwareError {
  return new HardwareError("CPU_GRAPH_INVALID", `the CPU graph is refused: ${problem}`);
}

interface Draft extends CpuRow {
  readonly source: "archspec" | "metahub";
}

function collect(data: CpuData): ReadonlyMap<string, Draft> {
  const drafts = new Map<string, Draft>();
  const add = (row: CpuRow, source: Draft["source"]): void => {
    if (drafts.has(row.name)) throw invalid(`${quote(row.name)} is in it twice`);
    const parents = [...row.parents, ...(data.addedParents?.get(row.name) ?? [])];
    drafts.set(row.name, { ...row, parents, source });
  };
  for (const row of data.archspec) add(row, "archspec");
  for (const row of data.added ?? []) add(row, "metahub");
  for (const { name, parents } of drafts.values()) {
    for (const parent of parents) {
      if (!drafts.has(parent)) throw invalid(`${quote(name)} descends from ${quote(parent)}, which is not in it`);
    }
  }
  return drafts;
}

/** The names, parents first. Kahn's algorithm: no recursion, so a long chain costs no stack. */
function parentsFirst(drafts: ReadonlyMap<string, Draft>): readonly Draft[] {
  const waiting = new Map([...drafts.values()].map(({ name, parents }) => [name, parents.length]));
  const children = childrenOf(drafts);
  const ordered: Draft[] = [];
  const ready = [...drafts.values()].filter(({ parents }) => parents.length === 0);
  for (let draft = ready.pop(); draft !== undefined; draft = ready.pop()) {
    ordered.push(draft);
    for (const child of children.get(draft.name) ?? []) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      const next = drafts.get(child);
      if (left === 0 && next !== undefined) ready.push(next);
    }
  }
  if (ordered.length !== drafts.size) throw invalid(`it has a cycle: ${findCycle(drafts, waiting)}`);
  return ordered;
}

/** The names that descend from each name directly, once for each time that it is named. */
function childrenOf(drafts: ReadonlyMap<string, Draft>): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const { name, parents } of drafts.values()) {
    for (const parent of parents) {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [name]);
      else siblings.push(name);
    }
  }
  return children;
}

/** Among what never became ready, following one parent that is not ready either must come round. */
function findCycle(drafts: ReadonlyMap<string, Draft>, waiting: ReadonlyMap<string, number>): string {
  const stuck = (name: string): boolean => (waiting.get(name) ?? 0) > 0;
  const path: string[] = [];
  let name = [...drafts.keys()].find(stuck);
  while (name !== undefined && !path.includes(name)) {
    path.push(name);
    name = drafts.get(name)?.parents.find(stuck);
  }
  const cycle = name === undefined ? path : [...path.slice(path.indexOf(name)), name];
  return cycle
    .slice(0, 8)
    .map((each) => quote(each))
    .join(" → ");
}

/**
 * The graph of CPU names.
 *
 * @throws HardwareError `CPU_GRAPH_INVALID` for a name given twice, an unknown parent, a cycle, or a name that descends
 * from several roots.
 */
export function buildGraph(data: CpuData): ReadonlyMap<string, CpuEntry> {
  const drafts = collect(data);
  const entries = new Map<string, CpuEntry>();
  for (const { name, parents, vendor, features, generation, cpupart, source } of parentsFirst(drafts)) {
    const above = parents.map((parent) => entries.get(parent)).filter((entry) => entry !== undefined);
    const families = new Set(above.map((entry) => entry.family));
    if (families.size > 1) throw invalid(`${quote(name)} descends from several roots: ${[...families].join(", ")}`);
    const family = [...families][0] ?? name;
    const own = new Set(words(features));
    // On Linux sse3 is not in /proc/cpuinfo by that name; archspec adds it in the same way.
    if (own.has("ssse3")) own.add("sse3");
    const added = words(data.addedFlags?.get(name) ?? "");
    const [only, ...others] = above;
    // A leaf without flags of its own shares its parent's set: half of the names, and the time to build theirs.
    const flags =
      only !== undefined && others.length === 0 && own.size + added.length === 0
        ? only.flags
        : impliedFlags([...own, ...above.flatMap((entry) => [...entry.flags]), ...added, ...familyFlags(family)]);
    entries.set(name, {
      name,
      parents,
      vendor,
      features: [...own],
      ...(generation === undefined ? {} : { generation }),
      ...(cpupart === undefined ? {} : { cpupart }),
      ancestors: new Set([name, ...above.flatMap((entry) => [...entry.ancestors])]),
      flags,
      family,
      source,
    });
  }
  return entries;
}
