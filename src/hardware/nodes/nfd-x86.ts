import { type CpuEntry, cpuFlags, cpuGraph } from "../cpu/graph.ts";
import { archspecName } from "../detect/archspec.ts";
import { quote } from "../error.ts";
import { idsOf, type NfdCpu, namesNoHypervisor } from "./nfd-cpu.ts";
import { absenceMeansMissing, knowsNewerFlags } from "./nfd-flags.ts";
import { some } from "./some.ts";
import { unnamedFlags, x86Candidates } from "./x86.ts";

/**
 * The name of an x86 CPU by its labels: what the ids stand for, if nothing that NFD publishes contradicts it; else its
 * nearest ancestor of which that is true; and the level that the flags prove where that says more
 * (docs/decisions/0020-masked-guests.md).
 */
export function x86NfdName(cpu: NfdCpu): { readonly name: string; readonly notes: readonly string[] } {
  const proven = provenLevel(cpu);
  const candidates =
    cpu.family === undefined || cpu.model === undefined ? [] : x86Candidates(cpu.vendor, cpu.family, cpu.model);
  const candidate = candidates.find(({ needs = [] }) => needs.every((flag) => cpu.flags.has(flag)));
  const entry = candidate === undefined ? undefined : cpuGraph().get(candidate.name);
  if (entry === undefined) {
    const name = shownName(cpu, proven);
    const unknown = `The CPU's ids (${idsOf(cpu)}) are not known by name, so it is offered as ${name}.`;
    return { name, notes: cpu.vendor === "" ? [] : [unknown] };
  }
  const masked = contradiction(cpu, entry);
  if (masked === undefined && entry.ancestors.has(proven)) return { name: entry.name, notes: [] };
  if (masked === undefined) {
    // A virtual machine may show an old model with newer flags. As in archspec, the level then says more.
    return {
      name: proven,
      notes: [`The CPU's ids say ${entry.name}, its flags say more: it is offered as ${proven}.`],
    };
  }
  const name = nearestAncestor(cpu, entry, proven);
  return { name, notes: [`The CPU's ids say ${entry.name}, but ${masked}: it is offered as ${name}.`] };
}

/** NFD's vendor (klauspost/cpuid, Vendor) → archspec's. */
const vendors: ReadonlyMap<string, string> = new Map([
  ["intel", "GenuineIntel"],
  ["amd", "AuthenticAMD"],
]);

/**
 * archspec's name for the flags, as on the machine itself, where the labels and the proven level show all that it asks
 * for. NFD's default denylist hides some of each name's flags, and its library never knew CLFLUSHOPT and CLWB: the level
 * is then the answer.
 */
function shownName(cpu: NfdCpu, proven: string): string {
  const { vendor } = cpu;
  const flags = new Set([...cpu.flags, ...cpuFlags(proven)]);
  return archspecName({ family: "x86_64", vendor: vendors.get(vendor.trim().toLowerCase()) ?? vendor, flags });
}

/** Why the labels speak against the name; undefined where they do not. */
function contradiction(cpu: NfdCpu, entry: CpuEntry): string | undefined {
  if (cpu.level !== undefined && levelOf(entry) > cpu.level) return `the labels stop at level x86_64_v${cpu.level}`;
  if (cpu.flags.size === 0 && cpu.level === undefined) {
    // NFD's flags are switched off. Then the ids are all there is: enough on a machine, not in a virtual one.
    return namesNoHypervisor(cpu)
      ? undefined
      : `it is a virtual machine (${quote(cpu.hypervisor ?? "")}) without flags in its labels`;
  }
  const masked = (flag: string) => unnamedFlags.has(flag) && !isBareMetal(cpu);
  const missing = [...entry.flags].filter(
    (flag) => !cpu.flags.has(flag) && (masked(flag) || absenceMeansMissing(flag, cpu.flags, "x86_64")),
  );
  if (missing.length > 0) return `the labels lack ${some(missing.sort())}`;
  const unseen = levelOf(entry) > shownLevel(cpu) && !isBareMetal(cpu);
  return unseen
    ? `nothing shows x86_64_v${levelOf(entry)}, whose flags NFD hides and a hypervisor may mask`
    : undefined;
}

/**
 * NFD hides SSE to SSE4.2, POPCNT, CX16 by default, and for CPUs without AVX no other flag speaks for them. A machine
 * that can itself run virtual machines, and on which no hypervisor shows, has what its ids say.
 */
function isBareMetal(cpu: NfdCpu): boolean {
  return namesNoHypervisor(cpu) && (cpu.flags.has("vmx") || cpu.flags.has("svm"));
}

/**
 * The nearest ancestor that is a CPU, that nothing contradicts, and for which a flag speaks that its own ancestors do
 * not have: what NFD hides of it may be masked as well as what contradicts the name.
 */
function nearestAncestor(cpu: NfdCpu, entry: CpuEntry, proven: string): string {
  let best: CpuEntry | undefined;
  for (const name of entry.ancestors) {
    const ancestor = cpuGraph().get(name);
    if (ancestor === undefined || ancestor.vendor === "generic" || ancestor.source !== "archspec") continue;
    if (!ancestor.ancestors.has(proven) || !isShown(cpu, ancestor)) continue;
    if (ancestor.ancestors.size <= (best?.ancestors.size ?? 0)) continue;
    if (contradiction(cpu, ancestor) === undefined) best = ancestor;
  }
  return best?.name ?? proven;
}

function isShown(cpu: NfdCpu, entry: CpuEntry): boolean {
  const above = new Set(entry.parents.flatMap((parent) => [...(cpuGraph().get(parent)?.flags ?? [])]));
  return [...entry.flags].some((flag) => cpu.flags.has(flag) && !above.has(flag));
}

/**
 * The level that the flags prove. Without the level's own label, NFD hides much of each level: AVX2, FMA3, MOVBE and
 * OSXSAVE never occur without the rest of v3 [inference], nor does AVX without what v2 has besides LAHF.
 */
function provenLevel(cpu: NfdCpu): string {
  const level = cpu.level ?? levelByFlags(cpu.flags, true);
  return level === 1 ? "x86_64" : `x86_64_v${level}`;
}

/**
 * The level that the flags show of a CPU whose ids say the rest: a library that did not know MOVBE, OSXSAVE and LAHF yet
 * published AVX only where the operating system saves its registers.
 */
function shownLevel(cpu: NfdCpu): number {
  return cpu.level ?? levelByFlags(cpu.flags, knowsNewerFlags(cpu.flags));
}

function levelByFlags(flags: ReadonlySet<string>, newer: boolean): number {
  const all = (...wanted: string[]) => wanted.every((flag) => flags.has(flag));
  if (!all("avx", "avx2", "fma") || (newer && !all("movbe", "osxsave"))) {
    return all("avx") && (!newer || all("lahf_lm")) ? 2 : 1;
  }
  return all("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl") ? 4 : 3;
}

function levelOf(entry: CpuEntry): number {
  return [4, 3, 2].find((level) => entry.ancestors.has(`x86_64_v${level}`)) ?? 1;
}
