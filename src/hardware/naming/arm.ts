import { armLevelFlags, provenArmLevel } from "../cpu/arm-levels.ts";
import { armPart } from "../cpu/arm-parts.ts";
import { armVendors, type CpuEntry, cpuDescendsFrom, cpuGraph } from "../cpu/graph.ts";
import { archspecName } from "../detect/archspec.ts";

/** A core as its numbers and its machine's flags show it. */
export interface ArmEvidence {
  /** `0x41`; empty where nothing says it. */
  readonly implementer: string;
  /** `0xd0c`. */
  readonly part: string;
  /** True where no core of another kind can stand beside it. */
  readonly alone: boolean;
  readonly flags: ReadonlySet<string>;
  /** Whether a flag that is not among them is known to be missing. */
  readonly missing: (flag: string) => boolean;
}

export interface ArmName {
  readonly name: string;
  /** The name that the part stands for, where that is another, and the flags that it lacks; none where they say more. */
  readonly refused?: { readonly name: string; readonly lacks: readonly string[] };
}

/**
 * The name of an arm64 core. Flags prove archspec's answer, or the highest level of the architecture where archspec has
 * none. The name that the part stands for is taken instead where it says more and no flag contradicts
 * it, or its nearest ancestor of which that is true. A part that is built beside others says nothing more of its
 * machine than the flags do (docs/decisions/0021-arm-names.md).
 */
export function armName(evidence: ArmEvidence): ArmName {
  const part = armPart(evidence.implementer, evidence.part);
  const entry = cpuGraph().get(part?.name ?? "");
  const clustered = part?.clustered === true;
  const proven = provenName(evidence, entry, clustered);
  if (entry === undefined) return { name: proven };
  const provesCpu = cpuGraph().get(proven)?.vendor !== "generic";
  if (clustered && !evidence.alone && provesCpu) return { name: proven };
  const lacks = missingFlags(entry, evidence.missing);
  const nearest = lacks.length === 0 ? entry : nearestAncestor(entry, evidence.missing);
  const name = saysMore(nearest, proven, provesCpu, !clustered && lacks.length === 0) ? nearest.name : proven;
  const asSaid = lacks.length === 0 && (clustered || cpuDescendsFrom(name, entry.name));
  return asSaid ? { name } : { name, refused: { name: entry.name, lacks } };
}

/** Whether what the part stands for is taken instead of what the flags prove. */
function saysMore(nearest: CpuEntry, proven: string, provesCpu: boolean, certain: boolean): boolean {
  if (nearest.vendor === "generic" || cpuDescendsFrom(proven, nearest.name)) return false;
  // A maker's own part is what it is, even where its flags fit a sibling; an ancestor of it is not known that well.
  return !provesCpu || certain || nearest.ancestors.has(proven);
}

function provenName(evidence: ArmEvidence, entry: CpuEntry | undefined, arms: boolean): string {
  const { implementer, part, flags } = evidence;
  // Microsoft's number for a Neoverse N2 is an N2 to archspec too, and Qualcomm's for Arm's cores are Arm's.
  const vendor =
    entry?.source === "archspec" ? entry.vendor : arms ? "ARM" : (armVendors.get(implementer) ?? implementer);
  const cpupart = entry?.source === "archspec" && /^0x/.test(entry.cpupart ?? "") ? entry.cpupart : part;
  const name = archspecName({ family: "aarch64", vendor, flags, ...(cpupart === undefined ? {} : { cpupart }) });
  return name === "aarch64" ? provenArmLevel(flags) : name;
}

/** Flags that a name stands for and the machine is known to lack. */
function missingFlags(entry: CpuEntry, missing: (flag: string) => boolean): readonly string[] {
  const graph = cpuGraph();
  const lacks = new Set([...entry.flags].filter((flag) => missing(flag)));
  // archspec's own names are held to archspec's flags; a level below one of them is not asked for anew.
  const above = [...entry.ancestors].filter(
    (name) => graph.get(name)?.source === "archspec" && graph.get(name)?.vendor !== "generic",
  );
  const covered = new Set(above.flatMap((name) => [...(graph.get(name)?.ancestors ?? [])]));
  for (const ancestor of entry.ancestors) {
    if (covered.has(ancestor)) continue;
    for (const flag of armLevelFlags(ancestor)) if (missing(flag)) lacks.add(flag);
  }
  return [...lacks].sort();
}

/** The nearest ancestor that archspec knows as a CPU and that nothing contradicts. */
function nearestAncestor(entry: CpuEntry, missing: (flag: string) => boolean): CpuEntry {
  const graph = cpuGraph();
  let best = graph.get("aarch64") ?? entry;
  for (const name of entry.ancestors) {
    const ancestor = graph.get(name);
    if (ancestor === undefined || ancestor.vendor === "generic" || ancestor.source !== "archspec") continue;
    if (ancestor.ancestors.size > best.ancestors.size && missingFlags(ancestor, missing).length === 0) best = ancestor;
  }
  return best;
}

/** The name that all of these cores have: the lesser where one descends from the other, else the best common ancestor. */
export function commonName(names: readonly string[]): string {
  const graph = cpuGraph();
  const [first = "aarch64", ...others] = names;
  let common = new Set<string>(graph.get(first)?.ancestors ?? [first]);
  for (const name of others) {
    const ancestors = graph.get(name)?.ancestors ?? new Set([name]);
    common = new Set([...common].filter((each) => ancestors.has(each)));
  }
  let best: CpuEntry | undefined;
  for (const name of common) {
    const entry = graph.get(name);
    if (entry !== undefined && (best === undefined || entry.ancestors.size > best.ancestors.size)) best = entry;
  }
  return best?.name ?? first;
}
