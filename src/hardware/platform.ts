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

/** Other names of operating systems and architectures to Go's, as container runtimes read them. */
const operatingSystems: ReadonlyMap<string, string> = new Map([["macos", "darwin"]]);
const architectures: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ["x86_64", ["amd64"]],
  ["x86-64", ["amd64"]],
  ["i386", ["386"]],
  ["i686", ["386"]],
  ["x86", ["386"]],
  ["aarch64", ["arm64"]],
  ["armhf", ["arm", "v7"]],
  ["armel", ["arm", "v6"]],
]);

const fieldPattern = /^[a-z0-9][a-z0-9._+-]{0,63}$/;

function field(name: string, value: string): string {
  const lower = value.toLowerCase();
  if (value.length <= 64 && fieldPattern.test(lower)) return lower;
  const example = "write os linux, architecture amd64, variant v3, os.version 10.0.20348";
  throw new HardwareError("PLATFORM_INVALID", `${quote(value)} is no platform ${name}: ${example}`);
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
  const os = field("os", platform.os);
  const written = field("architecture", platform.architecture);
  const [architecture, implied] = architectures.get(written) ?? [written];
  const given =
    platform.variant === undefined || platform.variant === "" ? implied : field("variant", platform.variant);
  const variant = canonicalVariant(architecture, given);
  const { osVersion } = platform;
  return {
    os: operatingSystems.get(os) ?? os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined || osVersion === "" ? {} : { osVersion: field("os.version", osVersion) }),
  };
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
