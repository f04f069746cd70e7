import { asRuntimesRead } from "../hardware/as-runtimes-read.ts";
import { normalizePlatform, type Platform, samePlatform } from "../hardware/platform.ts";
import { zstd } from "./annotations.ts";
import { isSpecial } from "./configuration.ts";
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

export function asWritten(written: WrittenPlatform, annotations: ReadonlyMap<string, string>): AsWritten {
  const { platform, raw, osFeatures } = written;
  const marks = {
    ...(isSpecial(platform?.os ?? "", osFeatures) ? { special: true as const } : {}),
    ...(annotations.get(zstd) === "true" ? { zstd: true as const } : {}),
  };
  if (raw === undefined) return marks;
  if (platform === undefined) return isBlank(written) ? { blank: true, ...marks } : undefined;
  try {
    normalizePlatform(platform);
  } catch {
    // It is told where the entry is passed over for it; no host has such a platform.
    return undefined;
  }
  const read = asRuntimesRead(platform);
  return { platform: read, ...(samePlatform(read, raw) ? {} : { raw }), ...marks };
}

function isBlank({ raw, features, osFeatures }: WrittenPlatform): boolean {
  const texts = [raw?.os, raw?.architecture, raw?.variant, raw?.osVersion];
  return texts.every((text = "") => text === "") && features.length === 0 && osFeatures.length === 0;
}
