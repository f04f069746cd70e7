/**
 * A named property of hardware or of its software, `namespace:value`, in canonical form: lower-case namespace,
 * canonical value (`cpu:x86_64_v3`, `nvcap:5.2`). A machine offers features; a variant requires them.
 */
export interface Feature {
  readonly namespace: string;
  readonly value: string;
}

/** Alternatives: a machine satisfies the group when it satisfies ANY of them. Never empty. */
export type FeatureGroup = readonly Feature[];

/** A variant's requirement: ALL groups must be satisfied. An empty list requires nothing. */
export type Requirement = readonly FeatureGroup[];

/** The canonical text of a feature, `namespace:value`. */
export function formatFeature(feature: Feature): string {
  return `${feature.namespace}:${feature.value}`;
}
