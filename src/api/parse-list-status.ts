import { isRecord } from "../json/object.ts";
import type { ListCondition, ListedEntryStatus, ManifestListStatus } from "./manifest-list.ts";

/** Reads the status that was written earlier. Lenient: what cannot be read is left out, and is then written afresh. */
export function parseListStatus(value: unknown): ManifestListStatus | undefined {
  if (!isRecord(value)) return undefined;
  const { observedGeneration, builds, entries, conditions } = value;
  return {
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
    ...(typeof builds === "string" ? { builds } : {}),
    ...(Array.isArray(entries) ? { entries: entries.flatMap(parseEntry) } : {}),
    ...(Array.isArray(conditions) ? { conditions: conditions.flatMap(parseCondition) } : {}),
  };
}

function parseEntry(value: unknown): readonly ListedEntryStatus[] {
  if (!isRecord(value)) return [];
  const { image, digest, platform, requires, lastResolved, error } = value;
  if (typeof image !== "string") return [];
  return [
    {
      image,
      ...(typeof digest === "string" ? { digest } : {}),
      ...(typeof platform === "string" ? { platform } : {}),
      ...(Array.isArray(requires) ? { requires: requires.filter((one) => typeof one === "string") } : {}),
      ...(typeof lastResolved === "string" ? { lastResolved } : {}),
      ...(typeof error === "string" ? { error } : {}),
    },
  ];
}

function parseCondition(value: unknown): readonly ListCondition[] {
  if (!isRecord(value)) return [];
  const { type, status, reason, message, observedGeneration, lastTransitionTime } = value;
  if (type !== "Ready" && type !== "Conflict") return [];
  if (status !== "True" && status !== "False" && status !== "Unknown") return [];
  if (typeof reason !== "string" || typeof message !== "string" || typeof lastTransitionTime !== "string") return [];
  const generation = typeof observedGeneration === "number" ? observedGeneration : 0;
  return [{ type, status, reason, message, observedGeneration: generation, lastTransitionTime }];
}
