import { LRUCache } from "lru-cache";
import { isRecord } from "../../../json/object.ts";
import type { KubernetesClient } from "../../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../../kubernetes/error.ts";
import { type Resource, resource, resourceName } from "../../../kubernetes/resource.ts";

const accessReviews = resource({
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
  namespaced: false,
});

/** How long an answer counts, ms: who loses a right keeps it no longer than that. */
export const reviewMs = 60_000;
/** Different questions that one person's pages ask: some thirty. */
const mostKept = 128;

/** The thing that somebody may or may not do. `namespace` undefined: in all of them. */
export interface Right {
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "delete" | "patch";
  readonly resource: Resource;
  readonly namespace?: string | undefined;
}

/** `update machinetypes.metahub.dev` */
export function rightText({ verb, resource }: Right): string {
  return `${verb} ${resourceName(resource)}`;
}

/** One person's rights, as the API server says them (SelfSubjectAccessReview). */
export class Reviews {
  readonly #client: Pick<KubernetesClient, "create">;
  readonly #now: () => number;
  readonly #known = new LRUCache<string, { readonly allowed: boolean; readonly at: number }>({ max: mostKept });

  /** @param now milliseconds, from any moment on */
  constructor(client: Pick<KubernetesClient, "create">, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** By an answer of the last minute, or asked now. @throws KubernetesError where the API server does not say */
  async allowed(right: Right, signal: AbortSignal): Promise<boolean> {
    const known = this.#known.get(keyOf(right));
    if (known !== undefined && this.#now() - known.at < reviewMs) return known.allowed;
    return await this.ask(right, signal);
  }

  /** Asked now. Whoever may not ask about themselves may do nothing, as far as anybody can tell. */
  async ask(right: Right, signal: AbortSignal): Promise<boolean> {
    const { group, plural } = right.resource;
    const resourceAttributes = {
      verb: right.verb,
      group,
      resource: plural,
      ...(right.namespace === undefined ? {} : { namespace: right.namespace }),
    };
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes },
    };
    const allowed = await this.#client
      .create({ resource: accessReviews }, body, { signal, parse: saysAllowed })
      .catch((error: unknown) => {
        if (isKubernetesError(error, "FORBIDDEN")) return false;
        throw error;
      });
    this.#known.set(keyOf(right), { allowed, at: this.#now() });
    return allowed;
  }

  /** The first of several that is missing; undefined where all are there. */
  async missing(rights: readonly Right[], signal: AbortSignal): Promise<Right | undefined> {
    const answers = await Promise.all(rights.map((right) => this.allowed(right, signal)));
    return rights[answers.indexOf(false)];
  }
}

function keyOf({ verb, resource, namespace = "" }: Right): string {
  return `${verb} ${resourceName(resource)} ${namespace}`;
}

function saysAllowed(answer: unknown): boolean {
  const status = isRecord(answer) ? answer["status"] : undefined;
  return isRecord(status) && status["allowed"] === true;
}
