import type { KubernetesClient } from "../client/client.ts";
import { isKubernetesError } from "../error.ts";
import { reflectNamed } from "../reflector/named.ts";
import type { ReflectorEvent } from "../reflector/options.ts";
import { parseSecret, placeOf, type SecretData, type SecretName, secretResource } from "./secret.ts";

export interface FollowedSecretOptions extends SecretName {
  readonly client: Pick<KubernetesClient, "get" | "each" | "watch">;
  readonly observe?: (event: ReflectorEvent) => void;
}

/** A Secret that another program writes, followed by a watch. Where it is deleted, what it held goes on counting. */
export class FollowedSecret {
  readonly place: string;
  readonly #options: FollowedSecretOptions;
  readonly #readers = new Set<(data: SecretData) => void>();
  #data: SecretData | undefined;

  constructor(options: FollowedSecretOptions) {
    this.place = placeOf(options);
    this.#options = options;
  }

  /** Takes what is there now. Resolves to false where there is none. @throws KubernetesError */
  async load(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name } = this.#options;
    try {
      this.#take(parseSecret(await client.get({ resource: secretResource, namespace, name }, { signal })).data);
      return true;
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return false;
      throw error;
    }
  }

  /** Calls the reader with what is there, and with each change; it must not throw. Returns how to end that. */
  read(reader: (data: SecretData) => void): () => void {
    this.#readers.add(reader);
    if (this.#data !== undefined) reader(this.#data);
    return () => this.#readers.delete(reader);
  }

  /** Follows until the signal ends it. */
  run(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, observe } = this.#options;
    const reflector = reflectNamed<SecretData>(name, {
      client,
      resource: secretResource,
      namespace,
      transform: (object) => parseSecret(object).data,
      onChange: (change) => {
        if (change.type !== "deleted") this.#take(change.object);
      },
      ...(observe === undefined ? {} : { observe }),
    });
    return reflector.run(signal);
  }

  #take(data: SecretData): void {
    this.#data = data;
    for (const reader of this.#readers) reader(data);
  }
}
