import type { Taint } from "./node.ts";
import type { LabelSelector } from "./selector.ts";

export const metahubGroup = "metahub.dev";
export const metahubVersion = "v1alpha1";
export const metahubApiVersion = `${metahubGroup}/${metahubVersion}`;

/** A named class of nodes that offer the same features. Cluster-scoped. */
export interface MachineType {
  readonly apiVersion: string;
  readonly kind: "MachineType";
  readonly metadata: {
    readonly name: string;
    readonly generation?: number;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: MachineTypeSpec;
  readonly status?: MachineTypeStatus;
}

export interface MachineTypeSpec {
  /** Which nodes are of this type. Exactly one of this and `external`. */
  readonly nodeSelector?: LabelSelector;
  /** Machines outside the cluster, such as login nodes: they ask the registry, and no Pod ever lands there. */
  readonly external?: boolean;
  /** The higher wins where a node fits several machine types; then the name, first in order. Default 0. */
  readonly priority?: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  /** Declared features, as the user spelled them; they replace, per namespace, what labels say. */
  readonly features?: readonly string[];
  readonly featureLabels?: readonly { readonly label: string; readonly namespace: string }[];
  /**
   * Attributes of devices that DRA allocates, which carry features for the containers that get such a device. They
   * replace what is known of the driver by itself, and what `features` declares in the same namespace.
   */
  readonly deviceAttributes?: readonly {
    readonly driver: string;
    readonly attribute: string;
    readonly namespace: string;
  }[];
  /** A new node of a pool that is scaled to zero. */
  readonly nodeTemplate?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly taints?: readonly Taint[];
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

export interface MachineTypeStatus {
  readonly observedGeneration?: number;
  readonly nodes?: number;
  readonly platform?: string;
  readonly features?: readonly string[];
  readonly profiles?: readonly {
    readonly features: readonly string[];
    readonly nodes: number;
    readonly example: string;
  }[];
  readonly conditions?: readonly Condition[];
}

/** meta/v1 Condition. */
export interface Condition {
  readonly type: "Ready" | "Homogeneous" | "Exclusive" | "PlatformMatches";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}
