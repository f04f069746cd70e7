import type { KubernetesClient } from "../client/client.ts";
import { isKubernetesError, KubernetesError } from "../error.ts";
import type { KubernetesObject } from "../object.ts";
import { parseSecret, placeOf, type Secret, type SecretData, type SecretName, secretResource } from "./secret.ts";

export interface SecretStoreOptions extends SecretName {
  readonly client: Pick<KubernetesClient, "get" | "create" | "update">;
  readonly type: "Opaque" | "kubernetes.io/tls";
  readonly labels: Readonly<Record<string, string>>;
  readonly fieldManager: string;
}

/** A Secret that several processes write. Writes are optimistic: whoever comes second gets "conflict" and reads again. */
export class SecretStore {
  readonly place: string;
  readonly #options: SecretStoreOptions;

  constructor(options: SecretStoreOptions) {
    this.place = placeOf(options);
    this.#options = options;
  }

  /** Undefined where there is none. @throws KubernetesError, CONFIG where it is of another type */
  async read(signal: AbortSignal): Promise<Secret | undefined> {
    const { client, type } = this.#options;
    try {
      const secret = parseSecret(await client.get(this.#target(), { signal }));
      if (secret.type === type) return secret;
      throw new KubernetesError(
        "CONFIG",
        `${this.place} is of type ${JSON.stringify(secret.type)}, not ${type}, and a Secret's type never changes: delete it, or name another one`,
      );
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** Writes all of it; `before`: what was read, which must be there still. */
  async write(data: SecretData, before: Secret | undefined, signal: AbortSignal): Promise<Secret | "conflict"> {
    const { client, fieldManager, namespace } = this.#options;
    const options = { signal, fieldManager };
    const secret = this.#toSecret(data, before);
    try {
      const written: KubernetesObject =
        before === undefined
          ? await client.create({ resource: secretResource, namespace }, secret, options)
          : await client.update(this.#target(), secret, options);
      return parseSecret(written);
    } catch (error) {
      // NOT_FOUND: it was deleted between our reading and our writing.
      if (isKubernetesError(error, "CONFLICT", "ALREADY_EXISTS", "NOT_FOUND")) return "conflict";
      throw error;
    }
  }

  #target() {
    const { namespace, name } = this.#options;
    return { resource: secretResource, namespace, name };
  }

  #toSecret(data: SecretData, before: Secret | undefined): object {
    const { namespace, name, type } = this.#options;
    const labels = { ...before?.labels, ...this.#options.labels };
    const kept = before === undefined ? {} : { resourceVersion: before.version, annotations: before.annotations };
    const texts = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]);
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace, labels, ...kept },
      type,
      data: Object.fromEntries(texts),
    };
  }
}
