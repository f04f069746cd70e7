/**
 * The flags of user space that each architecture version makes mandatory, as Linux names them (Arm Architecture
 * Reference Manual, A2; Linux, Documentation/arch/arm64/elf_hwcaps.rst; the same that GCC's and LLVM's -march=armv8.x-a
 * let a compiler use). A version holds the flags of the ones it is built on.
 */
const versions: readonly (readonly [level: string, below: readonly string[], flags: string])[] = [
  ["armv8.1a", [], "atomics asimdrdm crc32"],
  ["armv8.2a", ["armv8.1a"], "dcpop"],
  ["armv8.3a", ["armv8.2a"], "jscvt fcma lrcpc paca"],
  ["armv8.4a", ["armv8.3a"], "asimddp flagm uscat ilrcpc dit"],
  ["armv8.5a", ["armv8.4a"], "flagm2 frint sb dcpodp bti"],
  ["armv8.6a", ["armv8.5a"], "i8mm bf16"],
  ["armv8.7a", ["armv8.6a"], "wfxt afp"],
  ["armv8.8a", ["armv8.7a"], "mops"],
  ["armv8.9a", ["armv8.8a"], "cssc"],
  ["armv9.0a", ["armv8.5a"], "sve2"],
  ["armv9.1a", ["armv9.0a", "armv8.6a"], ""],
  ["armv9.2a", ["armv9.1a", "armv8.7a"], ""],
  ["armv9.3a", ["armv9.2a", "armv8.8a"], ""],
  ["armv9.4a", ["armv9.3a", "armv8.9a"], "sve2p1"],
];

const flagsByLevel: ReadonlyMap<string, ReadonlySet<string>> = levels();

function levels(): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, ReadonlySet<string>>();
  for (const [level, below, flags] of versions) {
    const own = flags.split(" ").filter((flag) => flag !== "");
    all.set(level, new Set([...below.flatMap((each) => [...(all.get(each) ?? [])]), ...own]));
  }
  return all;
}

/**
 * Flags whose absence shows nothing: kernels show them since 5.18 or later (wfxt, afp, mops, cssc, sve2p1), or only
 * where they are configured so (paca, bti).
 */
const oftenUnseen: ReadonlySet<string> = new Set(["paca", "bti", "wfxt", "afp", "mops", "cssc", "sve2p1"]);

/** The flags without which a machine is not of a level of arm64; none for a name that is no level. */
export function armLevelFlags(level: string): readonly string[] {
  return [...(flagsByLevel.get(level) ?? [])].filter((flag) => !oftenUnseen.has(flag));
}

/** The highest level whose every flag is there; `aarch64` where that is none. */
export function provenArmLevel(flags: ReadonlySet<string>): string {
  let proven = "aarch64";
  for (const [level, needed] of flagsByLevel) if ([...needed].every((flag) => flags.has(flag))) proven = level;
  return proven;
}
