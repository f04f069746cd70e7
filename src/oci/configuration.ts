import type { Platform } from "../hardware/platform.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseDigest } from "./digest.ts";
import { asObject, optionalString, optionalStrings, requiredSize, requiredString } from "./fields.ts";
import { parseJsonInSteps } from "./json.ts";
import type { Steps } from "./steps.ts";

/**
 * The configuration that an image manifest names (image-spec v1.1, manifest.md).
 * @throws OciError where it names none
 */
export function* readConfiguration(manifest: Uint8Array): Steps<Descriptor> {
  const config = asObject(asObject(yield* parseJsonInSteps(manifest), "document")["config"], "config");
  const digest = requiredString(config, "digest", "config");
  parseDigest(digest, "config.digest");
  return {
    mediaType: optionalString(config, "mediaType", "config") ?? "",
    digest,
    size: requiredSize(config, "size", "config"),
  };
}

/**
 * The platform that an image configuration is for (config.md); `none` where it names no architecture, and `unread`
 * where it asks the system for more than that in `os.features`. Without an `os` it is linux, as containerd on Linux
 * reads it (core/images, ConfigPlatform).
 * @throws OciError where it is no JSON object, or a field is no text
 */
export function* readConfiguredPlatform(configuration: Uint8Array): Steps<Platform | "none" | "unread"> {
  const root = asObject(yield* parseJsonInSteps(configuration), "configuration");
  const text = (key: string): string => optionalString(root, key, "configuration") ?? "";
  const [os, architecture, variant, osVersion] = [
    text("os"),
    text("architecture"),
    text("variant"),
    text("os.version"),
  ];
  if (architecture === "") return "none";
  if (optionalStrings(root, "os.features", "configuration").some((feature) => feature !== "win32k")) return "unread";
  return {
    os: os === "" ? "linux" : os,
    architecture,
    ...(variant === "" ? {} : { variant }),
    ...(osVersion === "" ? {} : { osVersion }),
  };
}
