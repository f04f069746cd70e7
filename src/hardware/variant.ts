import { baseCpu, knownLevel } from "./cpu/spelling.ts";
import type { Feature } from "./feature.ts";
import type { Platform } from "./platform.ts";

/**
 * The `cpu` feature that a (normalised) platform's variant means: `v3` under amd64 is `cpu:x86_64_v3`, `v9` under arm64
 * `cpu:armv9.0a`. Undefined where there is none. A variant that nobody knows is a CPU that only equals itself.
 */
export function platformFeature(platform: Platform): Feature | undefined {
  const { architecture, variant } = platform;
  if (variant === undefined) return undefined;
  const value = knownLevel(architecture, variant) ?? `${architecture}_${variant}`;
  return { namespace: "cpu", value };
}

/** The `os.version` feature of a (normalised) platform, where it has one. */
export function osVersionFeature(platform: Platform): Feature | undefined {
  return platform.osVersion === undefined ? undefined : { namespace: "os.version", value: platform.osVersion };
}

/**
 * Canonical CPU names that a machine's (normalised) platform is by itself: the architecture's base and its variant's
 * level. An arm64 machine is also a 32-bit ARMv8, which runtimes fall back to.
 */
export function platformCpus(platform: Platform): readonly string[] {
  const names = [baseCpu(platform.architecture), platformFeature(platform)?.value];
  if (platform.architecture === "arm64") names.push(knownLevel("arm", "v8"));
  return names.filter((name) => name !== undefined);
}
