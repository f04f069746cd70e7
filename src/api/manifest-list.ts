/** A list of builds that lie under tags or digests of their own, by the one name that Pods ask for. */
export interface ManifestListResource {
  readonly apiVersion: string;
  /** `ManifestList` is namespaced and counts for its own namespace; `ClusterManifestList` counts for all. */
  readonly kind: ManifestListKind;
  readonly metadata: {
    readonly name: string;
    /** Absent in a file that does not say one, and of a ClusterManifestList. */
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    /** RFC 3339: the older of two lists counts. */
    readonly creationTimestamp?: string;
  };
  readonly spec: ManifestListSpec;
  readonly status?: ManifestListStatus;
}

export type ManifestListKind = "ManifestList" | "ClusterManifestList";

export interface ManifestListSpec {
  /** The name that is spoken for: a repository, or one tag of it. */
  readonly image: string;
  /** More tags of that repository. Where neither says a tag, all of them are spoken for. */
  readonly tags?: readonly string[];
  readonly manifests: readonly ListedManifest[];
  /** Whether builds of other repositories are written at a Pod's binding too. A ClusterManifestList alone may say so. */
  readonly atBinding?: boolean;
}

/** One build, or the builds of an index. */
export interface ListedManifest {
  /** A reference with a tag or a digest. */
  readonly image: string;
  /** Absent: what the image itself says. */
  readonly platform?: ListedPlatform;
  /** Required beside what the image and its index entry say, as the user spelled them. */
  readonly features?: readonly string[];
  readonly priority?: number;
}

export interface ListedPlatform {
  /** Default linux. */
  readonly os?: string;
  readonly architecture: string;
  readonly variant?: string;
  /** As lists of 2019 have them; they count as `features` beside the platform do. */
  readonly features?: readonly string[];
}

export interface ManifestListStatus {
  readonly observedGeneration?: number;
  /** `3/4`: builds that were found, of those listed. */
  readonly builds?: string;
  readonly entries?: readonly ListedEntryStatus[];
  readonly conditions?: readonly ListCondition[];
}

/** The state of one entry, in the order of the spec. */
export interface ListedEntryStatus {
  readonly image: string;
  readonly digest?: string;
  /** `os/architecture[/variant]`, several joined by a comma. */
  readonly platform?: string;
  /** All that it requires, whoever said so: `cpu:skylake`. */
  readonly requires?: readonly string[];
  /** RFC 3339, seconds. */
  readonly lastResolved?: string;
  /** Why it does not count, for people. */
  readonly error?: string;
}

/** meta/v1 Condition. */
export interface ListCondition {
  readonly type: "Ready" | "Conflict";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}
