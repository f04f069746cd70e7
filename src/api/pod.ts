import type { NodeSelector } from "./affinity.ts";
import type { Toleration } from "./taints.ts";

/**
 * The fields of a core/v1 Pod that admission and placement read. Everything is optional and read-only because a Pod
 * arrives as another program's JSON: `parsePod` checks the shape of these fields and leaves all others as they are.
 */
export interface Pod {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: PodMetadata;
  readonly spec: PodSpec;
}

export interface PodMetadata {
  readonly name?: string;
  /** The beginning of the name that the API server makes, when `name` is absent: at admission there is none yet. */
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** RFC 3339. Absent while the Pod is being created. */
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector };
  };
  readonly tolerations?: readonly Toleration[];
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly serviceAccountName?: string;
  readonly runtimeClassName?: string;
  readonly resourceClaims?: readonly PodResourceClaim[];
  readonly schedulerName?: string;
  readonly schedulingGates?: readonly { readonly name: string }[];
}

export interface Container {
  readonly name: string;
  /** May be absent: a mutating webhook of someone else may fill it in later. */
  readonly image?: string;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
    readonly claims?: readonly { readonly name: string; readonly request?: string }[];
  };
  /** `Always` on an init container makes it a sidecar. */
  readonly restartPolicy?: string;
}

export interface Volume {
  readonly name: string;
  /** An image volume (KEP-4639). Its reference never changes after creation. */
  readonly image?: { readonly reference?: string; readonly pullPolicy?: string };
}

export interface PodResourceClaim {
  readonly name: string;
  readonly resourceClaimName?: string;
  readonly resourceClaimTemplateName?: string;
}
