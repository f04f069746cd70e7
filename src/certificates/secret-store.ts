import { isRecord } from "../json/object.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { CertificateError } from "./error.ts";
import { type StoredData, storedNames } from "./material.ts";
import type { SecretStore, Stored } from "./store.ts";

const secrets = { group: "", version: "v1", plural: "secrets", namespaced: true } as const;
const secretType = "kubernetes.io/tls";
const ownFieldManager = "metahub-certificates";

/** A Secret of type kubernetes.io/tls, with ca.crt and ca.key beside the serving certificate. */
export class KubernetesSecretStore implements SecretStore {
  readonly place: string;
  readonly #client: KubernetesClient;
  readonly #namespace: string;
  readonly #name: string;

  constructor(client: KubernetesClient, namespace: string, name: string) {
    this.place = `Secret ${namespace}/${name}`;
    this.#client = client;
    this.#namespace = namespace;
    this.#name = name;
  }

  async read(signal: AbortSignal): Promise<Stored | undefined> {
    try {
      return this.#toStored(await this.#client.get(this.#target(), { signal }));
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  create(data: Required<StoredData>, signal: AbortSignal): Promise<Stored | "conflict"> {
    const target = { resource: secrets, namespace: this.#namespace };
    const call = this.#client.create(target, this.#toSecret(data), { signal, fieldManager: ownFieldManager });
    return this.#written(call);
  }

  update(data: Required<StoredData>, version: string, signal: AbortSignal): Promise<Stored | "conflict"> {
    const secret = this.#toSecret(data, version);
    return this.#written(this.#client.update(this.#target(), secret, { signal, fieldManager: ownFieldManager }));
  }

  async #written(call: Promise<KubernetesObject>): Promise<Stored | "conflict"> {
    try {
      return this.#toStored(await call);
    } catch (error) {
      // NOT_FOUND: it was deleted between our reading and our writing.
      if (isKubernetesError(error, "CONFLICT", "ALREADY_EXISTS", "NOT_FOUND")) return "conflict";
      throw error;
    }
  }

  #target() {
    return { resource: secrets, namespace: this.#namespace, name: this.#name };
  }

  #toSecret(data: Required<StoredData>, resourceVersion?: string) {
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: this.#name,
        namespace: this.#namespace,
        labels: { "app.kubernetes.io/managed-by": "metahub", "app.kubernetes.io/part-of": "metahub" },
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      type: secretType,
      data: Object.fromEntries(storedNames.map((name) => [name, toBase64(data[name] ?? "")])),
    };
  }

  #toStored(secret: KubernetesObject): Stored {
    const { resourceVersion } = secret.metadata;
    if (resourceVersion === undefined) {
      throw new CertificateError("STORE_FAILED", `${this.place}: the API server sent it without a resourceVersion`);
    }
    const type = secret["type"];
    if (type !== secretType) {
      throw new CertificateError(
        "STORE_FAILED",
        `${this.place} is of type ${JSON.stringify(type)}, not ${secretType}, and a Secret's type never changes: delete it, or name another one with --tls-secret`,
      );
    }
    const data = isRecord(secret["data"]) ? secret["data"] : {};
    return {
      version: resourceVersion,
      data: Object.fromEntries(storedNames.map((name) => [name, fromBase64(data[name])])),
    };
  }
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function fromBase64(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? Buffer.from(value, "base64").toString("utf8") : undefined;
}
