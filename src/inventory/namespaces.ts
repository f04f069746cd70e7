import { rewriteLabel } from "../api/pod-keys.ts";
import { type Rewrite, readRewrite } from "../api/pod-options.ts";
import { isRecord } from "../json/object.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import { type KubernetesObject, stringOf } from "../kubernetes/object.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { resource } from "../kubernetes/resource.ts";
import { Turns } from "../time/turns.ts";

const namespaceResource = resource({ group: "", version: "v1", plural: "namespaces", namespaced: false });

/** Namespaces that are remembered, one word each: several times more than a cluster is made for. Others are read. */
const maxNamespaces = 50_000;
/** Namespaces that are read at once: a crowd of forged names gets no further. */
const readsAtOnce = 8;

export interface NamespacesOptions {
  readonly client: Pick<KubernetesClient, "each" | "watch" | "get">;
  readonly observe?: (event: ReflectorEvent) => void;
  readonly maxNamespaces?: number;
}

/** Whether each namespace of a cluster opted in or out, by its label `metahub.dev/rewrite`. */
export class Namespaces {
  readonly #client: NamespacesOptions["client"];
  readonly #reflector: Reflector<Rewrite>;
  readonly #reads = new Turns(readsAtOnce);

  constructor({ client, observe, maxNamespaces: max = maxNamespaces }: NamespacesOptions) {
    this.#client = client;
    this.#reflector = new Reflector<Rewrite>({
      client,
      resource: namespaceResource,
      transform: (namespace) => {
        const { store } = this.#reflector;
        return store.size >= max && !store.has(namespace.metadata.name) ? undefined : wordIn(namespace);
      },
      ...(observe === undefined ? {} : { observe }),
    });
  }

  /** Resolves after the first whole list. */
  get synced(): Promise<void> {
    return this.#reflector.synced;
  }

  /** Follows until the signal ends it. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  /**
   * By the watch, or as it is read where the watch does not know it. Undefined where there is none.
   * @throws KubernetesError where it cannot be read
   */
  async wordOf(name: string, signal: AbortSignal): Promise<Rewrite | undefined> {
    const known = this.#reflector.store.get(name);
    if (known !== undefined) return known;
    try {
      return await this.#reads.run(signal, async () =>
        wordIn(await this.#client.get({ resource: namespaceResource, name }, { signal })),
      );
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }
}

function wordIn({ metadata: { labels } }: KubernetesObject): Rewrite {
  return readRewrite(isRecord(labels) ? stringOf(labels[rewriteLabel]) : undefined);
}
