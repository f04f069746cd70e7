import { LRUCache } from "lru-cache";
import type { Pod } from "../api/pod.ts";
import { type DockerConfig, parseDockerConfig, parseLegacyDockerConfig } from "../credentials/docker-config.ts";
import { CredentialsError } from "../credentials/error.ts";
import { type CredentialSource, configSource, Keyring } from "../credentials/keyring.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import { resource } from "../kubernetes/resource.ts";
import type { Logger } from "../telemetry/log.ts";

const secrets = resource({ group: "", version: "v1", plural: "secrets", namespaced: true });

/** A Secret that changed is read again after this time; the kubelet reads it at every pull. */
const ttlMs = 60_000;
/** One that is missing is looked for again sooner: `kubectl create secret` often comes a moment after the Pod. */
const missingTtlMs = 5_000;
/** Bytes for Secrets that were read: whoever may create one may fill it, with 1 MiB each. */
const maxBytes = 16 * 1024 * 1024;
/** Bytes of a Secret beside its text, and of each entry in it beside that. */
const rowBytes = 512;
/** Characters of a Secret's name (RFC 1123 subdomain). Names in a new Pod are not validated yet. */
const mostOfName = 253;
/** More than this on one Pod is a mistake, and each costs a request. */
const maxPerPod = 16;

/** The credentials of one Secret, and the bytes that they take, about. */
interface Kept {
  readonly source: CredentialSource;
  readonly bytes: number;
}

export interface PullSecretsOptions {
  readonly client: KubernetesClient;
  /** Whether Secrets of this namespace may be read. */
  readonly mayRead: (namespace: string) => boolean;
  readonly log: Logger;
}

/**
 * The credentials of a Pod's imagePullSecrets. Those of its service account are among them: the API server's
 * ServiceAccount admission plugin writes them into the Pod before any webhook is called
 * (kubernetes/plugin/pkg/admission/serviceaccount).
 */
export class PullSecrets {
  readonly #options: PullSecretsOptions;
  readonly #cache: LRUCache<string, Kept>;

  constructor(options: PullSecretsOptions) {
    this.#options = options;
    this.#cache = new LRUCache<string, Kept>({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }, key) => bytes + key.length + rowBytes,
      ttl: ttlMs,
      fetchMethod: async (key, _stale, { options: settings, signal }) => {
        const read = await this.#read(key, signal);
        if (read !== undefined) return read;
        settings.ttl = missingTtlMs;
        return { source: new Keyring([]), bytes: 0 };
      },
    });
  }

  /** Undefined where the Pod has none that may be read. */
  async of(pod: Pod, namespace: string, signal: AbortSignal): Promise<CredentialSource | undefined> {
    const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) =>
      name === undefined || name === "" || name.length > mostOfName ? [] : [name],
    );
    if (names.length === 0 || !this.#options.mayRead(namespace)) return undefined;
    const sources: CredentialSource[] = [];
    for (const name of names.slice(0, maxPerPod)) {
      const kept = await this.#cache.fetch(`${namespace}/${name}`, { signal });
      if (kept !== undefined) sources.push(kept.source);
    }
    return new Keyring(sources);
  }

  /** Undefined where there is no usable Secret: the Pod then pulls without it too, and the kubelet says so. */
  async #read(key: string, signal: AbortSignal): Promise<Kept | undefined> {
    const [namespace = "", name = ""] = key.split("/", 2);
    try {
      const secret = await this.#options.client.get(
        { resource: secrets, namespace, name },
        { signal, parse: parseSecret },
      );
      const source = `secret ${key}`;
      const current = secret.get(".dockerconfigjson");
      if (current !== undefined) return this.#keep(key, current, (text) => parseDockerConfig(text, source));
      const legacy = secret.get(".dockercfg");
      if (legacy !== undefined) return this.#keep(key, legacy, (text) => parseLegacyDockerConfig(text, source));
      this.#options.log.warn({ secret: key }, "an imagePullSecret has neither .dockerconfigjson nor .dockercfg");
      return undefined;
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND", "INVALID")) return undefined;
      if (isKubernetesError(error, "FORBIDDEN") || error instanceof CredentialsError) {
        this.#options.log.warn({ secret: key, error }, "an imagePullSecret cannot be used");
        return undefined;
      }
      throw error;
    }
  }

  /** @throws CredentialsError */
  #keep(key: string, base64: string, parse: (text: string) => DockerConfig): Kept {
    const text = Buffer.from(base64, "base64").toString("utf8");
    const config = parse(text);
    const { entries, passedOver } = config;
    if (passedOver.length > 0) {
      this.#options.log.warn({ secret: key, passedOver }, "a part of an imagePullSecret is passed over");
    }
    return { source: configSource(config), bytes: text.length + entries.length * rowBytes };
  }
}

function parseSecret(value: unknown): ReadonlyMap<string, string> {
  const data = typeof value === "object" && value !== null && "data" in value ? value.data : undefined;
  const entries = typeof data === "object" && data !== null ? Object.entries(data) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
