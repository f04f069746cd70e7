import { isRecord } from "../json/object.ts";
import type { Condition, MachineTypeStatus } from "./machine-type.ts";

/**
 * Reads the status that the controller wrote earlier. Lenient, since nothing but the controller's next write depends on
 * it: what cannot be read is left out, and is then written afresh.
 */
export function parseStatus(value: unknown): MachineTypeStatus | undefined {
  if (!isRecord(value)) return undefined;
  const { observedGeneration, nodes, platform, features, profiles, conditions } = value;
  return {
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
    ...(typeof nodes === "number" ? { nodes } : {}),
    ...(typeof platform === "string" ? { platform } : {}),
    ...(isTexts(features) ? { features } : {}),
    ...(Array.isArray(profiles) ? { profiles: profiles.flatMap(parseProfile) } : {}),
    ...(Array.isArray(conditions) ? { conditions: conditions.flatMap(parseCondition) } : {}),
  };
}

function parseProfile(value: unknown): NonNullable<MachineTypeStatus["profiles"]> {
  if (!isRecord(value)) return [];
  const { features, nodes, example } = value;
  if (!isTexts(features) || typeof nodes !== "number" || typeof example !== "string") return [];
  return [{ features, nodes, example }];
}

function parseCondition(value: unknown): readonly Condition[] {
  if (!isRecord(value)) return [];
  const { type, status, reason, message, observedGeneration, lastTransitionTime } = value;
  if (type !== "Ready" && type !== "Homogeneous" && type !== "Exclusive" && type !== "PlatformMatches") return [];
  if (status !== "True" && status !== "False" && status !== "Unknown") return [];
  if (typeof reason !== "string" || typeof message !== "string" || typeof lastTransitionTime !== "string") return [];
  const generation = typeof observedGeneration === "number" ? observedGeneration : 0;
  return [{ type, status, reason, message, observedGeneration: generation, lastTransitionTime }];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** The entries of an object whose values are text. */
export function textsOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const key of Object.keys(value)) {
    const text = value[key];
    if (typeof text === "string" && key !== "__proto__") texts[key] = text;
  }
  return texts;
}
