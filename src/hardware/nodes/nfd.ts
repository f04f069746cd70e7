import { few } from "../../text/few.ts";
import { cpuGraph } from "../cpu/graph.ts";
import { quote } from "../error.ts";
import { armCandidates, armPart } from "./arm.ts";
import { labelValue, type NodeLabels, nfd } from "./labels.ts";
import { absenceMeansMissing, isOfferedFlag, nfdFlag } from "./nfd-flags.ts";
import { type Statement, statement } from "./statement.ts";
import { type Candidate, x86Candidates } from "./x86.ts";

/** The statement of Node Feature Discovery's labels on the CPU. */
interface NfdCpu {
  readonly vendor: string;
  readonly family: number | undefined;
  readonly model: number | undefined;
  /** `none`, `kvm`, …; undefined where nfd does not say (before 0.16). */
  readonly hypervisor: string | undefined;
  /** archspec's names. */
  readonly flags: ReadonlySet<string>;
  /** The highest of the labels X86_64_V1 to V4 (nfd 0.19 on, cumulative). */
  readonly level: number | undefined;
}

/**
 * Node Feature Discovery: the CPU's name from its ids, if no flag that nfd publishes contradicts it (a virtual machine
 * masks flags); otherwise the highest level that the flags prove. And the flags themselves.
 */
export function nfdLabels(node: NodeLabels, architecture: string | undefined): Statement {
  const cpu = readCpu(node.labels);
  if (cpu === undefined) {
    return statement("nfd", []);
  }
  const { name, notes } = cpuName(cpu, architecture);
  const family = cpuGraph().get(name ?? "")?.family ?? "";
  const flags = [...cpu.flags].filter((flag) => isOfferedFlag(flag, family)).sort();
  return statement(
    "nfd",
    [...(name === undefined ? [] : [`cpu:${name}`]), ...flags.map((flag) => `cpuflag:${flag}`)],
    notes,
  );
}

function readCpu(labels: Readonly<Record<string, string>>): NfdCpu | undefined {
  const flags = new Set<string>();
  let level: number | undefined;
  for (const [key, value] of Object.entries(labels)) {
    const flag = flagOf(key);
    if (flag === undefined || value === "false") {
      continue;
    }
    const levelOf = /^X86_64_V([1-4])$/.exec(flag)?.[1];
    if (levelOf === undefined) {
      flags.add(nfdFlag(flag));
    } else {
      level = Math.max(level ?? 0, Number(levelOf));
    }
  }
  const vendor = labelValue(labels, `${nfd}cpu-model.vendor_id`);
  if (flags.size === 0 && level === undefined && vendor === undefined) {
    return undefined;
  }
  return {
    vendor: vendor ?? "",
    family: decimal(labelValue(labels, `${nfd}cpu-model.family`)),
    model: decimal(labelValue(labels, `${nfd}cpu-model.id`)),
    hypervisor: labelValue(labels, `${nfd}cpu-model.hypervisor`),
    flags,
    level,
  };
}

/** `cpu-cpuid.AVX2`, and `cpuid-AVX2` as nfd before 0.4 wrote it. */
function flagOf(key: string): string | undefined {
  if (key.startsWith(`${nfd}cpu-cpuid.`)) return key.slice(nfd.length + "cpu-cpuid.".length);
  if (key.startsWith(`${nfd}cpuid-`)) return key.slice(nfd.length + "cpuid-".length);
  return undefined;
}

/** nfd writes ids in decimal. */
function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

interface Name {
  readonly name: string | undefined;
  readonly notes: readonly string[];
}

const armVendor = /^(arm|ampere|apple|cavium|fujitsu|nvidia|qualcomm|marvell|broadcom|hisilicon)$/i;

function cpuName(cpu: NfdCpu, architecture: string | undefined): Name {
  const known = architecture ?? (armVendor.test(cpu.vendor) ? "arm64" : cpu.level === undefined ? undefined : "amd64");
  switch (known) {
    case "arm64":
      return named(
        cpu,
        cpu.model === undefined ? [] : armCandidates(cpu.vendor, armPart(cpu.model)),
        "aarch64",
        "aarch64",
      );
    case "ppc64le":
      return { name: powerName(cpu.flags), notes: [] };
    case "amd64":
    case undefined:
      return named(
        cpu,
        cpu.family === undefined || cpu.model === undefined ? [] : x86Candidates(cpu.vendor, cpu.family, cpu.model),
        "x86_64",
        provenLevel(cpu),
      );
    default:
      return { name: undefined, notes: [] };
  }
}

function named(cpu: NfdCpu, candidates: readonly Candidate[], family: "x86_64" | "aarch64", proven: string): Name {
  const graph = cpuGraph();
  const candidate = candidates.find(({ needs = [] }) => needs.every((flag) => cpu.flags.has(flag)));
  if (candidate === undefined) {
    const unknown = `The CPU's ids (${ids(cpu)}) are not known by name, so it is offered as ${proven}.`;
    return { name: proven, notes: cpu.vendor === "" ? [] : [unknown] };
  }
  const name = graph.has(candidate.name) ? candidate.name : (candidate.otherwise ?? candidate.name);
  const entry = graph.get(name);
  if (entry === undefined) {
    return { name: proven, notes: [`The CPU graph does not hold ${name}, so the CPU is offered as ${proven}.`] };
  }
  const masked = contradiction(cpu, name, family);
  if (masked === undefined && entry.ancestors.has(proven)) {
    return { name, notes: [] };
  }
  if (masked === undefined) {
    // A virtual machine may show an old model with newer flags. As in archspec, the level then says more.
    return { name: proven, notes: [`The CPU's ids say ${name}, its flags say more: it is offered as ${proven}.`] };
  }
  const demoted = family === "aarch64" ? demotedArm(cpu, name) : proven;
  return { name: demoted, notes: [`The CPU's ids say ${name}, but ${masked}: it is offered as ${demoted}.`] };
}

/** The labels' objection to the name; undefined where they have none. */
function contradiction(cpu: NfdCpu, name: string, family: "x86_64" | "aarch64"): string | undefined {
  const entry = cpuGraph().get(name);
  if (entry === undefined) {
    return "nobody knows that name";
  }
  if (cpu.level !== undefined) {
    for (let level = 4; level > cpu.level; level--) {
      if (entry.ancestors.has(`x86_64_v${level}`)) {
        return `the labels stop at level x86_64_v${cpu.level}`;
      }
    }
  }
  if (cpu.flags.size === 0 && cpu.level === undefined) {
    // nfd's flags are switched off. Then the ids are all there is: enough on a machine, not in a virtual one.
    return cpu.hypervisor === undefined || cpu.hypervisor === "none" || cpu.hypervisor === ""
      ? undefined
      : `it is a virtual machine (${quote(cpu.hypervisor)}) without flags in its labels`;
  }
  const missing = [...entry.flags].filter(
    (flag) => !cpu.flags.has(flag) && absenceMeansMissing(flag, cpu.flags, family),
  );
  return missing.length === 0 || cpu.flags.size === 0 ? undefined : `the labels lack ${some(missing.sort())}`;
}

/**
 * The level that the flags prove. Without the level's own label, nfd hides much of each level: AVX2, FMA3, MOVBE and
 * OSXSAVE never occur without the rest of v3 [inference], nor does AVX without what v2 has besides LAHF.
 */
function provenLevel(cpu: NfdCpu): string {
  const all = (...flags: string[]) => flags.every((flag) => cpu.flags.has(flag));
  let level = cpu.level;
  if (level === undefined) {
    const v3 = all("avx2", "fma", "movbe", "osxsave");
    const v4 = v3 && all("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");
    level = v4 ? 4 : v3 ? 3 : all("avx", "lahf_lm") ? 2 : 1;
  }
  return level === 1 ? "x86_64" : `x86_64_v${level}`;
}

/** The nearest ancestor that is a CPU and that no flag contradicts: archspec knows no flags of the levels of arm64. */
function demotedArm(cpu: NfdCpu, name: string): string {
  const graph = cpuGraph();
  let best = "aarch64";
  for (const ancestor of graph.get(name)?.ancestors ?? []) {
    const entry = graph.get(ancestor);
    if (
      entry !== undefined &&
      entry.vendor !== "generic" &&
      entry.ancestors.size > (graph.get(best)?.ancestors.size ?? 0) &&
      contradiction(cpu, ancestor, "aarch64") === undefined
    ) {
      best = ancestor;
    }
  }
  return best;
}

/** nfd names the bits of AT_HWCAP2 (arch/powerpc/include/uapi/asm/cputable.h): ISA 2.07 is POWER8, 3.0 POWER9, 3.1 POWER10. */
function powerName(flags: ReadonlySet<string>): string {
  if (flags.has("arch_3_1")) return "power10le";
  if (flags.has("arch_3_00")) return "power9le";
  return flags.has("arch_2_07") ? "power8le" : "ppc64le";
}

function ids(cpu: NfdCpu): string {
  return `vendor ${quote(cpu.vendor)}, family ${cpu.family ?? "?"}, model ${cpu.model ?? "?"}`;
}

function some(flags: readonly string[]): string {
  return few(flags, 4);
}
