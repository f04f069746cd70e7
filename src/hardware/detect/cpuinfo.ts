import { armVendors } from "../cpu/graph.ts";
import { type Architecture, architectureOfMachine, type ByteOrder } from "./architecture.ts";
import { architectureOfCpuinfo } from "./cpuinfo-architecture.ts";

/** A core of a host as ARM numbers it. */
export interface ArmCore {
  /** "CPU implementer" of /proc/cpuinfo: `0x41`. */
  readonly implementer: string;
  /** "CPU part": `0xd0c`. */
  readonly part: string;
}

/** A host's CPU as it describes itself, in archspec's terms. */
export interface HostCpu {
  /** The root in the CPU graph: `x86_64`, `aarch64`, `ppc64le`, `riscv64`, …; as `uname -m` spells it. */
  readonly family: string;
  /** archspec's spelling; `generic` where the host does not say. */
  readonly vendor: string;
  readonly flags: ReadonlySet<string>;
  /** `0xd0c`; ARM only, and only where all cores are alike. */
  readonly cpupart?: string;
  /** 9 for POWER9; 0 where the host does not say. Power only. */
  readonly generation?: number;
  /** The very name, where the host says it: RISC-V and Apple. */
  readonly name?: string;
  /** "cpu family" and "model"; x86 only. */
  readonly ids?: { readonly family: number; readonly model: number };
  /** Each kind of core once; ARM only. */
  readonly cores?: readonly ArmCore[];
  /** GOARCH and its variant; absent on macOS, whose family says it. */
  readonly platform?: { readonly architecture: string; readonly variant?: string };
  /** Why the host is none that a build could be meant for, as the end of a sentence. `family` is then `unknown`. */
  readonly refused?: string;
}

/** A /proc/cpuinfo of 4,096 processors with 400 flags each is about 12 MiB. */
export const maxCpuinfoLength = 16 * 1024 * 1024;

/**
 * `/proc/cpuinfo` of Linux. `machine` is what `uname -m` prints; without it, the fields tell. Where processors differ
 * (big.LITTLE), what all of them have counts.
 */
export function parseCpuinfo(text: string, machine?: string, byteOrder?: ByteOrder): HostCpu {
  const { processors, whole } = blocks(text.slice(0, maxCpuinfoLength));
  const architecture =
    (machine === undefined ? undefined : architectureOfMachine(machine, byteOrder)) ??
    architectureOfCpuinfo(lowerCased([...processors, ...whole]));
  if (architecture === undefined || "refused" in architecture) return unknownCpu(architecture?.refused);
  return { ...ofFamily(architecture.family, processors), ...platformOf(architecture) };
}

function unknownCpu(refused: string | undefined): HostCpu {
  const cpu = { family: "unknown", vendor: "generic", flags: new Set<string>() };
  return refused === undefined ? cpu : { ...cpu, refused };
}

function platformOf({ architecture, variant }: Exclude<Architecture, { refused: string }>): Pick<HostCpu, "platform"> {
  return { platform: { architecture, ...(variant === undefined ? {} : { variant }) } };
}

type Processors = readonly ReadonlyMap<string, string>[];

function ofFamily(family: string, processors: Processors): HostCpu {
  const [first = new Map<string, string>()] = processors;
  switch (family) {
    case "x86_64":
    case "x86":
      return {
        family,
        vendor: first.get("vendor_id") ?? "generic",
        flags: common(processors, "flags"),
        ...x86Ids(processors),
      };
    case "aarch64":
    case "arm":
      return { family, ...armCpu(processors) };
    case "ppc64le":
    case "ppc64":
      // No match under emulation: there, /proc/cpuinfo is the emulating host's.
      return {
        family,
        vendor: "IBM",
        flags: new Set(),
        generation: Number(/POWER(\d{1,3})/.exec(first.get("cpu") ?? "")?.[1] ?? 0),
      };
    case "riscv64":
      return { family, vendor: "generic", flags: new Set(), name: riscvNames(processors) };
    default:
      return { family, vendor: "generic", flags: new Set() };
  }
}

/** Only where all processors have the same: of two models no name is known. */
function x86Ids(processors: Processors): Pick<HostCpu, "ids"> {
  const family = only(processors, "cpu family");
  const model = only(processors, "model");
  const numbers = [family, model].every((text) => /^\d{1,6}$/.test(text ?? ""));
  return numbers ? { ids: { family: Number(family), model: Number(model) } } : {};
}

function armCpu(processors: Processors): Omit<HostCpu, "family"> {
  const implementer = only(processors, "CPU implementer");
  const cpupart = only(processors, "CPU part");
  const cores = new Map<string, ArmCore>();
  for (const processor of processors) {
    const core = { implementer: processor.get("CPU implementer") ?? "", part: processor.get("CPU part") ?? "" };
    cores.set(`${core.implementer} ${core.part}`, core);
  }
  return {
    vendor: implementer === undefined ? "generic" : (armVendors.get(implementer) ?? implementer),
    flags: common(processors, "Features"),
    cores: [...cores.values()],
    ...(cpupart === undefined ? {} : { cpupart }),
  };
}

function lowerCased(processors: Processors): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const processor of processors) {
    for (const [key, value] of processor) {
      const name = key.toLowerCase();
      if (!fields.has(name) || (name === "processor" && /^\d*$/.test(fields.get(name) ?? ""))) fields.set(name, value);
    }
  }
  return fields;
}

/** A block that says none of these names no processor: it is of the whole machine. */
const identifying = [
  "flags",
  "Features",
  "CPU implementer",
  "CPU part",
  "cpu family",
  "model",
  "model name",
  "uarch",
] as const;

/** The processors, as far as they differ: a blank line ends each. */
function blocks(text: string): { readonly processors: Processors; readonly whole: Processors } {
  const found = new Map<string, ReadonlyMap<string, string>>();
  let fields = new Map<string, string>();
  const end = () => {
    if (fields.size > 0) {
      const identity = identifying.map((key) => fields.get(key) ?? "");
      found.set(identity.join("\n"), found.get(identity.join("\n")) ?? fields);
      fields = new Map();
    }
  };
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) {
      end();
    } else {
      fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
  }
  end();
  // Power and old ARM kernels close the file with a block for the whole machine: it has no `processor`. On ARM (before
  // Linux 3.8, arm64 before 3.19) it is the one that tells the features and the part.
  const all = [...found.values()];
  const processors = all.filter((block) => block.has("processor"));
  if (processors.length === 0) return { processors: all, whole: [] };
  const whole = all.filter((block) => !block.has("processor"));
  const shared = identifying.flatMap((key) => {
    const value = whole.find((block) => block.has(key))?.get(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    processors: shared.length === 0 ? processors : processors.map((own) => new Map([...shared, ...own])),
    whole,
  };
}

function common(processors: Processors, key: string): ReadonlySet<string> {
  let shared: Set<string> | undefined;
  for (const processor of processors) {
    const flags = new Set((processor.get(key) ?? "").split(/\s+/).filter((flag) => flag !== ""));
    shared = shared === undefined ? flags : new Set([...shared].filter((flag) => flags.has(flag)));
  }
  const flags = shared ?? new Set<string>();
  // Linux calls sse3 by its code name, which archspec does not know: it takes sse3 from ssse3 (feature_aliases).
  if (flags.has("ssse3")) {
    flags.add("sse3");
  }
  return flags;
}

function only(processors: Processors, key: string): string | undefined {
  const values = new Set(processors.map((processor) => processor.get(key)));
  const [value] = values;
  return values.size === 1 ? value : undefined;
}

/** Where cores are of several kinds, no name is known that all of them have. */
function riscvNames(processors: Processors): string {
  const [name = "riscv64", ...others] = new Set(processors.map(riscvName));
  return others.length === 0 ? name : "riscv64";
}

/** archspec knows two RISC-V cores, by what the device tree or the kernel calls them. */
function riscvName(processor: ReadonlyMap<string, string>): string {
  const uarch = processor.get("uarch");
  if (uarch === "sifive,u74-mc") return "u74mc";
  if (uarch === "spacemit,x60" || processor.get("model name") === "Spacemit(R) X60") return "x60";
  return uarch ?? "riscv64";
}
