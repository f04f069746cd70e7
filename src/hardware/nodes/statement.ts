/** Who says something of a node, in order: the first that speaks of a namespace is believed (docs/machine-types.md). */
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

/** The statement of one source: features as text (`cpu:skylake`), and why something it mentions is not among them. */
export interface Statement {
  readonly source: FeatureSource;
  readonly features: readonly string[];
  /** One sentence each. Texts from outside are quoted. */
  readonly notes: readonly string[];
}

export function statement(
  source: FeatureSource,
  features: readonly string[],
  notes: readonly string[] = [],
): Statement {
  return { source, features, notes };
}
