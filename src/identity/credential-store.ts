import type { MachineCredential } from "../api/machine-credential.ts";

/** A MachineCredential, with where it is kept. */
export interface StoredCredential {
  readonly credential: MachineCredential;
  /** A file, or `machinecredential/NAME in namespace NAMESPACE`. */
  readonly place: string;
}

/** The content of a store at one moment. */
export interface StoreContent<Stored extends StoredCredential> {
  readonly credentials: readonly Stored[];
  /** Names of the MachineTypes that are there too, as far as they may be read. */
  readonly machineTypes: ReadonlySet<string>;
}

/** Where credentials are kept: the folder that a registry reads, or a namespace of a cluster. */
export interface CredentialStore<Stored extends StoredCredential = StoredCredential> {
  /** For people, as `./hub` or `namespace hpc`. */
  readonly shown: string;
  /** The namespace of new credentials; absent in a folder. */
  readonly namespace: string | undefined;
  read(signal: AbortSignal): Promise<StoreContent<Stored>>;
  /** Writes a new one, and never over another. Returns where it is. @throws IdentityError DUPLICATE, UNWRITABLE */
  add(credential: MachineCredential, signal: AbortSignal): Promise<string>;
  /** Takes back what `add` has just written. */
  remove(credential: MachineCredential, place: string, signal: AbortSignal): Promise<void>;
  /** Writes values into its spec, if nobody else wrote it meanwhile. @throws IdentityError UNWRITABLE */
  write(stored: Stored, values: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
}
