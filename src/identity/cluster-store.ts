import type { MachineCredential } from "../api/machine-credential.ts";
import { parseMachineCredential } from "../api/parse-machine-credential.ts";
import { machineTypes } from "../api/resources.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import { resource } from "../kubernetes/resource.ts";
import { machineCredentialResource } from "./cluster-credentials.ts";
import type { CredentialStore, StoreContent, StoredCredential } from "./credential-store.ts";
import { IdentityError } from "./error.ts";

const machineTypeResource = resource(machineTypes);
const fieldManager = "metahub-credentials";

export interface ClusterStoreOptions {
  readonly client: Pick<KubernetesClient, "list" | "create" | "patch" | "delete">;
  readonly namespace: string;
  /** Told of an object that cannot be read, which is left out. */
  readonly onUnreadable: (name: string) => void;
}

/** The credentials in one namespace of a cluster. */
export class ClusterStore implements CredentialStore {
  readonly namespace: string;
  readonly shown: string;
  readonly #options: ClusterStoreOptions;

  constructor(options: ClusterStoreOptions) {
    this.namespace = options.namespace;
    this.shown = `namespace ${options.namespace}`;
    this.#options = options;
  }

  /** @throws KubernetesError; the signal's reason */
  async read(signal: AbortSignal): Promise<StoreContent<StoredCredential>> {
    const [credentials, machineTypes] = await Promise.all([this.#credentials(signal), this.#machineTypes(signal)]);
    return { credentials, machineTypes };
  }

  async add(credential: MachineCredential, signal: AbortSignal): Promise<string> {
    const { client, namespace } = this.#options;
    const place = this.#place(credential);
    try {
      await client.create({ resource: machineCredentialResource, namespace }, credential, { signal, fieldManager });
    } catch (error) {
      if (!isKubernetesError(error, "ALREADY_EXISTS")) throw error;
      throw new IdentityError("DUPLICATE", `${place} is there already, and is not overwritten`);
    }
    return place;
  }

  async remove({ metadata }: MachineCredential, _place: string, signal: AbortSignal): Promise<void> {
    await this.#options.client.delete(this.#target(metadata.name), { signal });
  }

  async write(
    { credential, place }: StoredCredential,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { name, resourceVersion } = credential.metadata;
    const body = { metadata: { resourceVersion }, spec: values };
    try {
      await this.#options.client.patch(this.#target(name), { type: "merge", body }, { signal, fieldManager });
    } catch (error) {
      if (!isKubernetesError(error, "CONFLICT", "NOT_FOUND")) throw error;
      throw new IdentityError("UNWRITABLE", `${place}: somebody else wrote it meanwhile; try again`);
    }
  }

  #target(name: string) {
    return { resource: machineCredentialResource, namespace: this.namespace, name };
  }

  #place({ metadata }: MachineCredential): string {
    return `machinecredential/${metadata.name} in ${this.shown}`;
  }

  async #credentials(signal: AbortSignal): Promise<readonly StoredCredential[]> {
    const { client, namespace, onUnreadable } = this.#options;
    const found: StoredCredential[] = [];
    for await (const object of client.list({ resource: machineCredentialResource, namespace }, { signal })) {
      try {
        const credential = parseMachineCredential(object);
        found.push({ credential, place: this.#place(credential) });
      } catch {
        // Its error may quote what somebody wrote in place of a hash.
        onUnreadable(object.metadata.name);
      }
    }
    return found;
  }

  /** Whoever keeps credentials of a namespace may have no right to read what the whole cluster has. */
  async #machineTypes(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    try {
      for await (const { metadata } of this.#options.client.list({ resource: machineTypeResource }, { signal })) {
        names.add(metadata.name);
      }
    } catch (error) {
      if (!isKubernetesError(error, "FORBIDDEN", "NOT_FOUND")) throw error;
    }
    return names;
  }
}
