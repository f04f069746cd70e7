import { type CpuEntry, cpuGraph } from "../cpu/graph.ts";
import { archspecName } from "../detect/archspec.ts";
import type { HostCpu } from "../detect/cpuinfo.ts";
import { type Candidate, unnamedFlags, x86Candidates } from "../nodes/x86.ts";

/**
 * Flags that a hypervisor may hide from a guest although the CPU has them, and of which no compiler's code depends: a
 * name is not given up for one of these. Each with what it takes to use it (docs/decisions/0020-masked-guests.md).
 */
export const harmless: ReadonlyMap<string, string> = new Map([
  ["pku", "the kernel must hand out protection keys first (pkey_alloc); programs ask it"],
  ["flush_l1d", "a register that only kernels and hypervisors write (IA32_FLUSH_CMD)"],
  ["tsc_adjust", "a register that only kernels and hypervisors write (IA32_TSC_ADJUST)"],
  ["cldemote", "a hint: CPUs without it run it as no operation"],
]);

/**
 * The name of an x86 host: archspec's, or where the CPU's family and model stand for a name that descends from
 * archspec's and of which the host lacks nothing but harmless flags, that name, or its nearest such ancestor. A flag that
 * Linux does not name is no lack on a machine, and one in a virtual machine.
 */
export function x86Name(host: HostCpu): string {
  const proven = archspecName(host);
  const { ids } = host;
  if (ids === undefined) return proven;
  const candidate = meant(x86Candidates(host.vendor, ids.family, ids.model), host.flags);
  if (candidate === undefined) return proven;
  const unknown = machineTellsNone(host.flags) ? unnamedFlags : none;
  const has = (flag: string) => host.flags.has(flag) || harmless.has(flag) || unknown.has(flag);
  let best: CpuEntry | undefined;
  for (const name of candidate.ancestors) {
    const entry = cpuGraph().get(name);
    if (entry === undefined || entry.vendor === "generic" || !entry.ancestors.has(proven)) continue;
    // A leaf of ours stands for its very ids: its ancestors are the CPUs that archspec knows.
    if (entry.source !== "archspec" && entry !== candidate) continue;
    if (entry.ancestors.size > (best?.ancestors.size ?? 0) && runs(entry, has)) best = entry;
  }
  return best?.name ?? proven;
}

function meant(candidates: readonly Candidate[], flags: ReadonlySet<string>): CpuEntry | undefined {
  const candidate = candidates.find(({ needs = [] }) => needs.every((flag) => flags.has(flag)));
  return candidate === undefined ? undefined : cpuGraph().get(candidate.name);
}

const none: ReadonlySet<string> = new Set();

function machineTellsNone(flags: ReadonlySet<string>): boolean {
  return !flags.has("hypervisor") && ![...unnamedFlags].some((flag) => flags.has(flag));
}

/** As archspec asks: every flag that it lists for the name, and for all that the name descends from. */
function runs(entry: CpuEntry, has: (flag: string) => boolean): boolean {
  return [...entry.ancestors].flatMap((name) => cpuGraph().get(name)?.features ?? []).every(has);
}
