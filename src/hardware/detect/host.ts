import { cpuFlags } from "../cpu/graph.ts";
import { HardwareError, quote } from "../error.ts";
import { type Feature, formatFeature } from "../feature.ts";
import { hostCpuName } from "../naming/host.ts";
import { isOfferedFlag } from "../nodes/nfd-flags.ts";
import { parseFeatureList } from "../parse.ts";
import type { Platform } from "../platform.ts";
import type { ByteOrder } from "./architecture.ts";
import { type HostCpu, parseCpuinfo } from "./cpuinfo.ts";
import { parseNvidiaSmi } from "./nvidia-smi.ts";
import { parseKfdNodes, parseRocminfo, rocminfoNotes } from "./rocm.ts";
import { parseSysctl } from "./sysctl.ts";

/** Texts that were read on a host, or captured on another: all of it text, all of it optional save the CPU. */
export interface HostReport {
  /** `/proc/cpuinfo` (Linux), or the output of `sysctl` (macOS). */
  readonly cpu: { readonly cpuinfo: string } | { readonly sysctl: string };
  /** `uname -m`; without it, /proc/cpuinfo tells. */
  readonly machine?: string;
  /** Where `uname -m` does not tell it: MIPS. */
  readonly byteOrder?: ByteOrder;
  /** `uname -r`. */
  readonly kernelRelease?: string;
  readonly nvidiaSmi?: { readonly query: string; readonly header?: string };
  readonly rocminfo?: string;
  /** The `properties` of each node below /sys/class/kfd/kfd/topology/nodes. Read where rocminfo says nothing. */
  readonly kfdNodes?: readonly string[];
  /** `/opt/rocm/.info/version`. */
  readonly rocmVersion?: string;
  /** `/sys/module/amdgpu/version`. */
  readonly amdgpuVersion?: string;
}

/** The offer of a host. */
export interface HostOffer {
  readonly platform: Platform;
  /** Canonical, sorted by text, no duplicates; exactly one of namespace `cpu`. */
  readonly features: readonly Feature[];
  /** Why something that was seen is not offered, one sentence each. */
  readonly notes: readonly string[];
  /** Why the architecture is `unknown`, as the end of a sentence, where there is more to say than that. */
  readonly refused?: string;
}

/** The platform and features of a host. Texts that cannot be read are left out with a note; it never throws. */
export function hostOffer(report: HostReport): HostOffer {
  const linux = "cpuinfo" in report.cpu;
  const cpu =
    "cpuinfo" in report.cpu
      ? parseCpuinfo(report.cpu.cpuinfo, report.machine, report.byteOrder)
      : parseSysctl(report.cpu.sysctl);
  const platform = platformOf(cpu, linux);
  const name = hostCpuName(cpu);
  const implied = cpuFlags(name);
  // `pni` is what Linux calls sse3.
  const named = cpu.flags.has("pni") ? [...cpu.flags, "sse3"] : [...cpu.flags];
  const flags = named.filter((flag) => isOfferedFlag(flag, cpu.family) && !implied.has(flag));
  const nvidia =
    report.nvidiaSmi === undefined ? undefined : parseNvidiaSmi(report.nvidiaSmi.query, report.nvidiaSmi.header);
  const amd = amdTargets(report);
  const notes = [...(nvidia?.notes ?? []), ...(amd.length > 0 ? [] : rocminfoNotes(report.rocminfo ?? ""))];
  const texts = [
    `cpu:${name}`,
    ...flags.map((flag) => `cpuflag:${flag}`),
    ...(nvidia?.features ?? []),
    ...amd,
    ...version("rocm", report.rocmVersion),
    ...version("amddriver", report.amdgpuVersion),
    ...(linux ? version("kernel", report.kernelRelease) : []),
  ];
  const features = new Map<string, Feature>();
  for (const text of texts) {
    for (const feature of read(text, platform, notes)) {
      features.set(formatFeature(feature), feature);
    }
  }
  const sorted = [...features].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, feature]) => feature);
  return { platform, features: sorted, notes, ...(cpu.refused === undefined ? {} : { refused: cpu.refused }) };
}

/** The driver's own files say less than rocminfo, but are there without ROCm. */
function amdTargets(report: HostReport): readonly string[] {
  const targets = parseRocminfo(report.rocminfo ?? "");
  return targets.length > 0 ? targets : parseKfdNodes(report.kfdNodes ?? []);
}

/** A version file's first line, where it begins like a version. */
function version(namespace: string, text: string | undefined): readonly string[] {
  const line = (text ?? "").trim().split("\n")[0] ?? "";
  return /^\d[\w.+~-]{0,99}$/.test(line) ? [`${namespace}:${line}`] : [];
}

function read(text: string, platform: Platform, notes: string[]): readonly Feature[] {
  try {
    return parseFeatureList(text, { architecture: platform.architecture });
  } catch (error) {
    if (!(error instanceof HardwareError)) {
      throw error;
    }
    notes.push(`${quote(text)} is not offered: ${error.message}`);
    return [];
  }
}

/** The roots of the CPU graph → GOARCH: what macOS runs on. */
const architectures: ReadonlyMap<string, string> = new Map([
  ["x86_64", "amd64"],
  ["aarch64", "arm64"],
]);

/** 32-bit ARM without a variant is read as v7 by runtimes (containerd, platforms.Normalize). */
function platformOf(cpu: HostCpu, linux: boolean): Platform {
  const { architecture, variant } = cpu.platform ?? { architecture: architectures.get(cpu.family) ?? cpu.family };
  return {
    os: linux ? "linux" : "darwin",
    architecture,
    ...(variant === undefined ? {} : { variant }),
  };
}
