/** Who says something of a node, in order: the first that speaks of a namespace is believed (design: what a node offers). */
export type FeatureSource =
  | "declared" // the machine type's `features`
  | "featureLabels" // labels that the machine type names
  | "metahub.dev" // labels metahub.dev/feature.<namespace>
  | "archspec.io"
  | "nfd"
  | "nvidia"
  | "amd"
  | "intel"
  | "node"; // status.nodeInfo and the well-known labels

/** What one source says: features as text (`cpu:skylake`), and why something it mentions is not among them. */
export interface Statement {
  readonly source: FeatureSource;
  readonly features: readonly string[];
  /** One sentence each. What came from outside is quoted. */
  readonly notes: readonly string[];
}

export function statement(
  source: FeatureSource,
  features: readonly string[],
  notes: readonly string[] = [],
): Statement {
  return { source, features, notes };
}
