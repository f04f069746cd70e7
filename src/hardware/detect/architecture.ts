/** The architecture of a host, or why there is none that a build could be meant for. */
export type Architecture =
  | {
      /** The root in the CPU graph, or the name by uname(1) where the graph has none: `x86_64`, `s390x`, `loongarch64`. */
      readonly family: string;
      /** GOARCH. */
      readonly architecture: string;
      /** For 32-bit ARM: `v7`. */
      readonly variant?: string;
    }
  | { readonly refused: string };

export type ByteOrder = "little" | "big";

/** `uname -m` → the root in the CPU graph and GOARCH (Go, internal/platform: the ports; Linux, UTS_MACHINE of each arch/). */
const machines: ReadonlyMap<string, readonly [family: string, architecture: string]> = new Map([
  ["x86_64", ["x86_64", "amd64"]],
  ["amd64", ["x86_64", "amd64"]],
  ["i386", ["x86", "386"]],
  ["i486", ["x86", "386"]],
  ["i586", ["x86", "386"]],
  ["i686", ["x86", "386"]],
  ["aarch64", ["aarch64", "arm64"]],
  ["arm64", ["aarch64", "arm64"]],
  ["arm", ["arm", "arm"]],
  ["loongarch64", ["loongarch64", "loong64"]],
  ["mipsel", ["mipsel", "mipsle"]],
  ["mips64el", ["mips64el", "mips64le"]],
  ["ppc64", ["ppc64", "ppc64"]],
  ["ppc64le", ["ppc64le", "ppc64le"]],
  ["riscv64", ["riscv64", "riscv64"]],
  ["s390x", ["s390x", "s390x"]],
]);

/** Linux has these, and Go has no port for them (go tool dist list): neither a kubelet nor a runtime is built for them. */
const withoutGo: ReadonlySet<string> = new Set(
  `aarch64_be alpha arc armeb csky e2k hexagon ia64 loongarch32 m68k microblaze nios2 openrisc parisc parisc64 ppc
   ppcle riscv32 s390 sh4 sh4a sparc sparc64 tilegx xtensa`.split(/\s+/),
);

/** Every name that `uname -m` has on Linux, as regular expressions. */
export const machineNames: readonly string[] = [...machines.keys(), ...withoutGo, "mips(?:64)?", "armv[4-8][a-z]{0,4}"];

/** The refusal of an architecture without a port of Go: Kubernetes and the runtimes are written in it. */
export function notOfGo(name: string): Architecture {
  return { refused: `${name} is no architecture that Go has a port for, so no node runs on it` };
}

/**
 * The architecture that `uname -m` names. `mips` and `mips64` are both byte orders: without `byteOrder` they are
 * refused. Undefined for a text that is no name of a machine.
 */
export function architectureOfMachine(machine: string, byteOrder?: ByteOrder): Architecture | undefined {
  const name = machine.trim().toLowerCase();
  const known = machines.get(name);
  if (known !== undefined) return { family: known[0], architecture: known[1] };
  // armv5tel, armv6l, armv7l; armv8l is ARMv8 in its 32-bit state. Big-endian ones end in b.
  const arm = /^armv([4-8])[a-z]{0,4}$/.exec(name);
  if (arm !== null) {
    return name.endsWith("b") ? notOfGo(name) : { family: "arm", architecture: "arm", variant: `v${arm[1]}` };
  }
  if (name === "mips" || name === "mips64") {
    return byteOrder === undefined ? unknownByteOrder : mips(name === "mips64", byteOrder);
  }
  if (withoutGo.has(name)) return notOfGo(name);
  return /^[a-z][a-z0-9_]{1,31}$/.test(name) ? { family: name, architecture: name } : undefined;
}

/** Neither /proc/cpuinfo nor uname(1) tells it, and builds of one do not run on the other. */
export const unknownByteOrder: Architecture = {
  refused: "it is MIPS, which does not say its byte order: declare the machine type's platform",
};

function mips(wide: boolean, byteOrder: ByteOrder): Architecture {
  if (byteOrder === "big") return { family: wide ? "mips64" : "mips", architecture: wide ? "mips64" : "mips" };
  return { family: wide ? "mips64el" : "mipsel", architecture: wide ? "mips64le" : "mipsle" };
}
