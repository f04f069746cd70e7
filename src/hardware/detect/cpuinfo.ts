import { armVendors } from "../cpu/graph.ts";

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
}

/** A /proc/cpuinfo of 4,096 processors with 400 flags each is about 12 MiB. */
export const maxCpuinfoLength = 16 * 1024 * 1024;

/**
 * `/proc/cpuinfo` of Linux on x86, ARM, Power or RISC-V. `machine` is what `uname -m` prints; without it, the fields
 * tell. Where processors differ (big.LITTLE), what all of them have counts.
 */
export function parseCpuinfo(text: string, machine?: string): HostCpu {
  const processors = blocks(text.slice(0, maxCpuinfoLength));
  const [first = new Map<string, string>()] = processors;
  const family = machineFamily(machine) ?? familyOf(first);
  switch (family) {
    case "x86_64":
    case "x86":
      return { family, vendor: first.get("vendor_id") ?? "generic", flags: common(processors, "flags") };
    case "aarch64":
    case "arm": {
      const implementer = only(processors, "CPU implementer");
      const cpupart = only(processors, "CPU part");
      return {
        family,
        vendor: implementer === undefined ? "generic" : (armVendors.get(implementer) ?? implementer),
        flags: common(processors, "Features"),
        ...(cpupart === undefined ? {} : { cpupart }),
      };
    }
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
      return { family, vendor: "generic", flags: new Set(), name: riscvName(first) };
    default:
      return { family, vendor: "generic", flags: new Set() };
  }
}

/** `uname -m` → the root in the CPU graph, where they differ. */
const machines: ReadonlyMap<string, string> = new Map([
  ["amd64", "x86_64"],
  ["arm64", "aarch64"],
  ["armv6l", "arm"],
  ["armv7l", "arm"],
  ["armv8l", "arm"],
  ["i386", "x86"],
  ["i686", "x86"],
]);

function machineFamily(machine: string | undefined): string | undefined {
  const name = machine?.trim().toLowerCase() ?? "";
  return machines.get(name) ?? (/^[a-z][a-z0-9_]{1,31}$/.test(name) ? name : undefined);
}

function familyOf(processor: ReadonlyMap<string, string>): string {
  if (processor.has("vendor_id") || processor.has("flags")) return "x86_64";
  if (processor.has("CPU implementer")) return "aarch64";
  if (processor.get("isa")?.startsWith("rv32")) return "riscv32";
  if (processor.has("isa") || processor.has("hart")) return "riscv64";
  return processor.has("cpu") ? "ppc64le" : "unknown";
}

/** The processors, as far as they differ: a blank line ends each. */
function blocks(text: string): readonly ReadonlyMap<string, string>[] {
  const found = new Map<string, ReadonlyMap<string, string>>();
  let fields = new Map<string, string>();
  const end = () => {
    if (fields.size > 0) {
      const identity = ["flags", "Features", "CPU implementer", "CPU part"].map((key) => fields.get(key) ?? "");
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
  // Power and old ARM kernels close the file with a block for the whole machine: it has no `processor`.
  const processors = [...found.values()].filter((block) => block.has("processor"));
  return processors.length > 0 ? processors : [...found.values()];
}

function common(processors: readonly ReadonlyMap<string, string>[], key: string): ReadonlySet<string> {
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

function only(processors: readonly ReadonlyMap<string, string>[], key: string): string | undefined {
  const values = new Set(processors.map((processor) => processor.get(key)));
  const [value] = values;
  return values.size === 1 ? value : undefined;
}

/** archspec knows two RISC-V cores, by what the device tree or the kernel calls them. */
function riscvName(processor: ReadonlyMap<string, string>): string {
  const uarch = processor.get("uarch");
  if (uarch === "sifive,u74-mc") return "u74mc";
  if (uarch === "spacemit,x60" || processor.get("model name") === "Spacemit(R) X60") return "x60";
  return uarch ?? "riscv64";
}
