import { normalizePlatform, type Platform } from "../hardware/platform.ts";
import { zstd } from "./annotations.ts";
import { at, optionalString, optionalStrings } from "./fields.ts";
import type { JsonObject } from "./json.ts";
import type { WrittenEntry } from "./written.ts";

/** The part of a WrittenEntry that the entry itself says; undefined where runtimes pass it over on every machine. */
export type AsWritten = Omit<WrittenEntry, "leads"> | undefined;

/** The `platform` of an entry as it is written, before anything is inherited. */
export interface WrittenPlatform {
  readonly platform: Platform | undefined;
  /** Its texts, where there is a `platform` at all. */
  readonly raw: Platform | undefined;
  readonly features: readonly string[];
  readonly osFeatures: readonly string[];
}

export function readWrittenPlatform(object: JsonObject | undefined, entry: string): WrittenPlatform {
  if (object === undefined) return { platform: undefined, raw: undefined, features: [], osFeatures: [] };
  const place = at(entry, "platform");
  const osFeatures = optionalStrings(object, "os.features", place);
  const features = optionalStrings(object, "features", place);
  return { osFeatures, features, ...readPlatform(object, entry) };
}

/** Without a platform where it names no architecture: such an entry is read like one without any. */
function readPlatform(object: JsonObject, entry: string): Pick<WrittenPlatform, "platform" | "raw"> {
  const place = at(entry, "platform");
  const os = optionalString(object, "os", place) ?? "";
  const architecture = optionalString(object, "architecture", place) ?? "";
  const variant = optionalString(object, "variant", place) ?? "";
  const osVersion = optionalString(object, "os.version", place) ?? "";
  const rest = { ...(variant === "" ? {} : { variant }), ...(osVersion === "" ? {} : { osVersion }) };
  const raw = { os, architecture, ...rest };
  return { raw, platform: architecture === "" ? undefined : { ...raw, os: os === "" ? "linux" : os } };
}

/** `win32k`: every Windows node of Kubernetes has it, and containerd looks away from it. */
export function asWritten(
  { platform, raw, osFeatures }: WrittenPlatform,
  annotations: ReadonlyMap<string, string>,
): AsWritten {
  const marks = {
    ...(osFeatures.some((feature) => feature !== "win32k") ? { special: true as const } : {}),
    ...(annotations.get(zstd) === "true" ? { zstd: true as const } : {}),
  };
  if (raw === undefined) return marks;
  if (platform === undefined) return undefined;
  try {
    const normalized = normalizePlatform(platform);
    return { platform: normalized, ...(samePlatform(normalized, raw) ? {} : { raw }), ...marks };
  } catch {
    // It is told where the entry is passed over for it.
    return undefined;
  }
}

function samePlatform(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant && a.osVersion === b.osVersion;
}
