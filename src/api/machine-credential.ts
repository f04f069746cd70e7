/** Lets machines ask the registry as one machine type, or see everything as it is upstream. Namespaced. */
export interface MachineCredential {
  readonly apiVersion: string;
  readonly kind: "MachineCredential";
  readonly metadata: {
    readonly name: string;
    /** Absent in a file that does not say one. */
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
  readonly spec: MachineCredentialSpec;
  readonly status?: MachineCredentialStatus;
}

export interface MachineCredentialSpec {
  /** Exactly one of this and `unfiltered`. */
  readonly machineType?: string;
  readonly unfiltered?: boolean;
  /** Default: the machine type's name; of an unfiltered credential, its own. Several credentials may share one. */
  readonly username?: string;
  /** `sha256:` and the digest of the secret, hexadecimal; never the secret. */
  readonly secretHash: string;
  /** Repositories that it may see, `qnib/bench`, or all below a path, `qnib/*`. Absent: all. */
  readonly repositories?: readonly string[];
  /** RFC 3339 in UTC, to the second: from then on it counts no more. */
  readonly expires?: string;
  /** The time at which it was taken back, in the same form. It counts no more as soon as this is there, whatever it says. */
  readonly revoked?: string;
}

export interface MachineCredentialStatus {
  /** RFC 3339, true to an hour. */
  readonly lastUsed?: string;
}

/** The name that a client logs in with. */
export function usernameOf({ metadata, spec }: Pick<MachineCredential, "metadata" | "spec">): string {
  return spec.username ?? spec.machineType ?? metadata.name;
}
