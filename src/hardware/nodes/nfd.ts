import { cpuGraph } from "../cpu/graph.ts";
import { baseCpu } from "../cpu/spelling.ts";
import { quote } from "../error.ts";
import { isArmVendor } from "./arm.ts";
import type { NodeLabels } from "./labels.ts";
import { armNfdName } from "./nfd-arm.ts";
import { type NfdCpu, readNfdCpu } from "./nfd-cpu.ts";
import { isOfferedFlag } from "./nfd-flags.ts";
import { x86NfdName } from "./nfd-x86.ts";
import { type Statement, statement } from "./statement.ts";

/**
 * Node Feature Discovery: the CPU's name from its ids, if no flag that NFD publishes contradicts it (a virtual machine
 * masks flags); otherwise the nearest ancestor that they do not contradict. And the flags themselves.
 */
export function nfdLabels(node: NodeLabels, architecture: string | undefined): Statement {
  const cpu = readNfdCpu(node.labels);
  if (cpu === undefined) {
    return statement("nfd", []);
  }
  const foreign = architecture === undefined ? undefined : foreignVendor(cpu, architecture);
  if (foreign !== undefined) return statement("nfd", baseOf(architecture), [foreign]);
  const { name, notes } = cpuName(cpu, architecture);
  const family = cpuGraph().get(name ?? "")?.family ?? "";
  const flags = [...cpu.flags].filter((flag) => isOfferedFlag(flag, family)).sort();
  return statement(
    "nfd",
    [...(name === undefined ? [] : [`cpu:${name}`]), ...flags.map((flag) => `cpuflag:${flag}`)],
    notes,
  );
}

/** A name, and why it is not the one that the ids stand for. */
interface NfdName {
  readonly name: string | undefined;
  readonly notes: readonly string[];
}

/** Makers of x86 CPUs and of nothing else: klauspost/cpuid, Vendor; CPUID spells the rest. */
const x86Vendor =
  /^(intel|amd|via|transmeta|nsc|hygon|sis|rdc|zhaoxin|genuineintel|authenticamd|hygongenuine|centaurhauls|shanghai)$/i;

/** Why the labels are of another machine than the kubelet: their vendor makes no such CPU. */
function foreignVendor({ vendor }: NfdCpu, architecture: string): string | undefined {
  const name = vendor.trim();
  const isX86 = architecture === "amd64" || architecture === "386";
  const isArm = architecture === "arm64" || architecture === "arm";
  if ((x86Vendor.test(name) && !isX86) || (isArmVendor(name) && !isArm)) {
    return `The label cpu-model.vendor_id (${quote(vendor)}) contradicts the kubelet, which reports ${architecture}: no label of the CPU is believed.`;
  }
  return undefined;
}

function baseOf(architecture: string | undefined): readonly string[] {
  const base = baseCpu(architecture ?? "");
  return base === undefined ? [] : [`cpu:${base}`];
}

function cpuName(cpu: NfdCpu, architecture: string | undefined): NfdName {
  const known = architecture ?? (isArmVendor(cpu.vendor) ? "arm64" : cpu.level === undefined ? undefined : "amd64");
  switch (known) {
    case "arm64":
      return armNfdName(cpu);
    case "ppc64le":
      return { name: powerName(cpu.flags), notes: [] };
    case "amd64":
    case undefined:
      return x86NfdName(cpu);
    default:
      return { name: undefined, notes: [] };
  }
}

/** NFD names the bits of AT_HWCAP2 (arch/powerpc/include/uapi/asm/cputable.h): ISA 2.07 is POWER8, 3.0 POWER9, 3.1 POWER10. */
function powerName(flags: ReadonlySet<string>): string {
  if (flags.has("arch_3_1")) return "power10le";
  if (flags.has("arch_3_00")) return "power9le";
  return flags.has("arch_2_07") ? "power8le" : "ppc64le";
}
