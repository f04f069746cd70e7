import { HardwareError, quote } from "./error.ts";

/** An OCI platform (image-spec, image-index.md). `os` and `architecture` are GOOS and GOARCH values. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  /** `os.version` of the specification; Windows only in practice. */
  readonly osVersion?: string;
}

/** `os/architecture[/variant]`, as `docker --platform` spells it. */
export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant === undefined ? base : `${base}/${platform.variant}`;
}

/** Other names of operating systems and architectures than Go's. Runtimes read all of them but `i686` and `x86`. */
const operatingSystems: ReadonlyMap<string, string> = new Map([["macos", "darwin"]]);
const architectures: ReadonlyMap<string, string> = new Map([
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
  ["i386", "386"],
  ["i686", "386"],
  ["x86", "386"],
  ["aarch64", "arm64"],
  ["armhf", "arm"],
  ["armel", "arm"],
]);
/** Names that say the variant too, empty for none: one that stands beside them does not count (containerd, platforms). */
const impliedVariants: ReadonlyMap<string, string> = new Map([
  ["i386", ""],
  ["armhf", "v7"],
  ["armel", "v6"],
]);

const fieldPattern = /^[a-z0-9][a-z0-9._+-]{0,63}$/;

function field(name: string, value: string): string {
  if (isField(value)) return value.toLowerCase();
  const example = "write os linux, architecture amd64, variant v3, os.version 10.0.20348";
  throw new HardwareError("PLATFORM_INVALID", `${quote(value)} is no platform ${name}: ${example}`);
}

function isField(value: string): boolean {
  return value.length <= 64 && fieldPattern.test(value.toLowerCase());
}

/** A variant as runtimes write it: `v8.2` for `8.2`, and none where it is the baseline (amd64 v1, arm64 v8). */
function canonicalVariant(architecture: string, variant: string | undefined): string | undefined {
  const written = variant !== undefined && /^\d/.test(variant) ? `v${variant}` : variant;
  switch (architecture) {
    case "amd64":
      return written === "v1" ? undefined : written;
    case "arm64":
      if (written === "v8" || written === "v8.0") return undefined;
      return written === "v9.0" ? "v9" : written;
    case "arm":
      // Runtimes take ARM without a variant for v7.
      return written ?? "v7";
    default:
      return variant;
  }
}

/**
 * The platform with Go's names in lower case, and without a variant that requires nothing. An empty variant or
 * os.version counts as none.
 *
 * @throws HardwareError `PLATFORM_INVALID` for a field that is empty, too long, or has characters that no name has.
 */
export function normalizePlatform(platform: Platform): Platform {
  const name = field("os", platform.os);
  const os = operatingSystems.get(name) ?? name;
  const written = field("architecture", platform.architecture);
  const architecture = architectures.get(written) ?? written;
  const given = impliedVariants.get(written) ?? platform.variant ?? "";
  const variant = canonicalVariant(architecture, given === "" ? undefined : field("variant", given));
  const osVersion = readOsVersion(os, platform.osVersion ?? "");
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}

/** Only Windows looks at it: elsewhere a text that is none spoils nothing. */
function readOsVersion(os: string, text: string): string | undefined {
  if (text === "") return undefined;
  return os === "windows" || isField(text) ? field("os.version", text) : undefined;
}

/** Whether two platforms (normalised in the same way) are one. */
export function samePlatform(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant && a.osVersion === b.osVersion;
}

/**
 * Architectures that runtimes run besides a machine's own architecture: amd64 runs 386, arm64 runs 32-bit ARM. On
 * Windows none (containerd's platforms package, Default).
 */
const fallbacks: ReadonlyMap<string, string> = new Map([
  ["amd64", "386"],
  ["arm64", "arm"],
]);

/**
 * Whether a machine runs images of the variant's os and architecture (both platforms normalised): as its own, as
 * runtimes fall back, or not. The variant and os.version are features, which `satisfies` answers for.
 */
export function platformFits(machine: Platform, variant: Platform): "exact" | "fallback" | "no" {
  if (machine.os !== variant.os) return "no";
  if (machine.architecture === variant.architecture) return "exact";
  const falls = machine.os !== "windows" && fallbacks.get(machine.architecture) === variant.architecture;
  return falls ? "fallback" : "no";
}
