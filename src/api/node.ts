/** core/v1 Taint. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** All of a Kubernetes Node that MetaHub keeps in memory: the rest is dropped when the object arrives. */
export interface NodeFacts {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Extended resources (names with a slash) and their quantities, e.g. `{"nvidia.com/gpu": "1"}`. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** From `status.nodeInfo`. */
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  /** `status.nodeInfo.osImage`, e.g. `Windows Server 2022 Datacenter`. */
  readonly osImage: string;
}
