import type { Feature } from "./feature.ts";

/** A compute capability as an image names it. */
export interface Capability {
  /** 1000 × major + minor. */
  readonly device: number;
  /** `a`: architecture-specific; `f`: family-specific (CUDA programming guide, "Compute Capabilities"). */
  readonly suffix: "" | "a" | "f";
}

const perMajor = 1000;

/** Devices that share family-specific features (nvcc documentation, table of `f` targets). 10.1 became 11.0. */
const families: readonly (readonly number[])[] = [[10_000, 10_003], [11_000], [12_000, 12_001]];

/**
 * Integrated devices (Jetson, DRIVE). CUDA programming guide, "Binary Compatibility": code for a lower minor version
 * runs on desktop devices only, and never between desktop and Tegra. 10.1 is Thor before CUDA 13 called it 11.0.
 */
const tegra: ReadonlySet<number> = new Set([5003, 6002, 7002, 8007, 10_001, 11_000]);

/** Reads a canonical value: `9.0`, `9.0a`. Undefined for anything else. */
export function readCapability(value: string): Capability | undefined {
  const dot = value.indexOf(".");
  if (dot < 1) return undefined;
  const last = value.charAt(value.length - 1);
  const suffix = last === "a" || last === "f" ? last : "";
  const major = Number(value.slice(0, dot));
  const minor = Number(value.slice(dot + 1, value.length - suffix.length));
  return Number.isInteger(major) && Number.isInteger(minor) ? { device: major * perMajor + minor, suffix } : undefined;
}

/** The devices that a capability with a suffix names; undefined without one, as those are open upwards. */
function named({ device, suffix }: Capability): readonly number[] | undefined {
  if (suffix === "a") return [device];
  if (suffix === "f") {
    return families.find((family) => family.includes(device))?.filter((each) => each >= device) ?? [device];
  }
  return undefined;
}

/** Whether a device runs machine code (SASS) for a capability. */
function runsCode(device: number, code: Capability): boolean {
  const only = named(code);
  if (only !== undefined) return only.includes(device);
  if (tegra.has(device) || tegra.has(code.device)) return device === code.device;
  return Math.trunc(device / perMajor) === Math.trunc(code.device / perMajor) && device >= code.device;
}

/** Whether a device's driver can compile PTX for a capability. */
function runsPtx(device: number, ptx: Capability): boolean {
  return named(ptx)?.includes(device) ?? device >= ptx.device;
}

export type CapabilityNamespace = "nvcap" | "nvptx";

export function runs(namespace: CapabilityNamespace, device: number, capability: Capability): boolean {
  return namespace === "nvcap" ? runsCode(device, capability) : runsPtx(device, capability);
}

/** Whether every device that runs `a` runs `b`. */
export function capabilityImplies(a: Feature, b: Feature): boolean {
  const [from, to] = [readCapability(a.value), readCapability(b.value)];
  if (from === undefined || to === undefined) return false;
  const toSpace: CapabilityNamespace = b.namespace === "nvptx" ? "nvptx" : "nvcap";
  const tegraCode = a.namespace === "nvcap" && tegra.has(from.device) ? [from.device] : undefined;
  const devices = named(from) ?? tegraCode;
  if (devices !== undefined) return devices.every((device) => runs(toSpace, device, to));
  // Open upwards. PTX reaches every later device, machine code every later minor version that is not Tegra's.
  if (to.suffix !== "" || from.device < to.device) return false;
  if (toSpace === "nvptx") return true;
  return a.namespace === "nvcap" && runsCode(from.device, to);
}

const spelling =
  /^(?:(sm|cc|compute)[_-]?)?(?:(\d{1,2})[._-](\d{1,2})|(\d{1,2})(\d))([af]?)(?:(\+ptx)|[_-](real|virtual))?$/;

/**
 * The features that a lower-case spelling of a capability means, under `nvcap` or `nvptx`: `5.2`, `5-2`, `52`,
 * `sm_90a`, `cc80`, `compute_90`, `90_real`, `90_virtual` (CMake), `8.6+PTX` (PyTorch: machine code and PTX).
 * Undefined for anything else.
 */
export function capabilityFeatures(text: string, under: CapabilityNamespace): readonly Feature[] | undefined {
  const match = spelling.exec(text);
  if (match === null) return undefined;
  const [, prefix, dottedMajor, dottedMinor, major, minor, suffix = "", withPtx, kind] = match;
  const value = `${Number(dottedMajor ?? major)}.${Number(dottedMinor ?? minor)}${suffix}`;
  const ptx: Feature = { namespace: "nvptx", value };
  const code: Feature = { namespace: "nvcap", value };
  if (under === "nvptx") return kind === "real" ? undefined : [ptx];
  if (withPtx !== undefined) return [code, ptx];
  return prefix === "compute" || kind === "virtual" ? [ptx] : [code];
}

/** Whether a bare text is unmistakably a capability: a number alone is not. */
export function looksLikeCapability(text: string): boolean {
  const match = spelling.exec(text);
  return match !== null && (match[1] !== undefined || match[7] !== undefined || match[8] !== undefined);
}
