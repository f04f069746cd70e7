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

/** The platform that an image configuration is for. `special`: it names `os.features` that no host has by itself. */
export interface ConfiguredPlatform extends Platform {
  readonly special?: true;
}

/**
 * The platform that an image configuration is for (config.md); `none` where it names no architecture. Without an `os` it
 * is linux, as containerd on Linux reads it (core/images, ConfigPlatform).
 * @throws OciError where it is no JSON object, or a field is no text
 */
export function* readConfiguredPlatform(configuration: Uint8Array): Steps<ConfiguredPlatform | "none"> {
  const root = asObject(yield* parseJsonInSteps(configuration), "configuration");
  const text = (key: string): string => optionalString(root, key, "configuration") ?? "";
  const [os, architecture, variant, osVersion] = [
    text("os"),
    text("architecture"),
    text("variant"),
    text("os.version"),
  ];
  if (architecture === "") return "none";
  const special = isSpecial(os, optionalStrings(root, "os.features", "configuration"));
  return {
    os: os === "" ? "linux" : os,
    architecture,
    ...(variant === "" ? {} : { variant }),
    ...(osVersion === "" ? {} : { osVersion }),
    ...(special ? { special: true } : {}),
  };
}

/**
 * Whether `os.features` name one that no host has by itself. `win32k`: every Windows node of Kubernetes has it, and there
 * containerd looks away from it.
 */
export function isSpecial(os: string, features: readonly string[]): boolean {
  return features.some((feature) => !(os.toLowerCase() === "windows" && feature === "win32k"));
}
