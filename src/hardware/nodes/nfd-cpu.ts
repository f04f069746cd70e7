import { quote } from "../error.ts";
import { labelValue, nfd } from "./labels.ts";
import { nfdFlag } from "./nfd-flags.ts";

/** The CPU as Node Feature Discovery's labels describe it. */
export interface NfdCpu {
  readonly vendor: string;
  readonly family: number | undefined;
  readonly model: number | undefined;
  /** `none`, `kvm`, …; undefined where NFD does not say (before 0.18). `none` says only that no hypervisor names itself. */
  readonly hypervisor: string | undefined;
  /** archspec's names. */
  readonly flags: ReadonlySet<string>;
  /** The highest of the labels X86_64_V1 to V4 (NFD 0.19 on, cumulative). */
  readonly level: number | undefined;
}

/** Undefined where no label speaks of the CPU. */
export function readNfdCpu(labels: Readonly<Record<string, string>>): NfdCpu | undefined {
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

/** `cpu-cpuid.AVX2`, and `cpuid-AVX2` as NFD before 0.4 wrote it. */
function flagOf(key: string): string | undefined {
  if (key.startsWith(`${nfd}cpu-cpuid.`)) return key.slice(nfd.length + "cpu-cpuid.".length);
  if (key.startsWith(`${nfd}cpuid-`)) return key.slice(nfd.length + "cpuid-".length);
  return undefined;
}

/** NFD writes ids in decimal. */
function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

/** The ids as a note names them, by their labels. */
export function idsOf({ vendor, family, model }: NfdCpu): string {
  return `vendor_id ${quote(vendor)}, family ${family ?? "?"}, id ${model ?? "?"}`;
}

/** Whether nothing speaks of a hypervisor. */
export function namesNoHypervisor({ hypervisor, flags }: NfdCpu): boolean {
  return (hypervisor === undefined || hypervisor === "none" || hypervisor === "") && !flags.has("hypervisor");
}
