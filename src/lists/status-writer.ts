import { metahubApiVersion } from "../api/machine-type.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import { WorkQueue } from "../kubernetes/work-queue.ts";
import type { Logger } from "../telemetry/log.ts";
import { aborted } from "../time/aborted.ts";
import { systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import type { ClusterLists } from "./follow.ts";
import type { ListedResource } from "./listed-resource.ts";
import type { ListPowers } from "./power.ts";
import { type EntryLookup, resolveEntries } from "./resolve.ts";
import { clusterManifestListResource, manifestListResource } from "./resources.ts";
import { computeListStatus } from "./status.ts";

export interface ListStatusOptions {
  readonly lists: ClusterLists;
  readonly client: Pick<KubernetesClient, "apply">;
  readonly powers: ListPowers;
  /** Asks with the credentials that serve a namespace, without any Pod; for everybody's lists with the operator's. */
  readonly lookup: (namespace: string | undefined) => EntryLookup;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Names who owns what is written (server-side apply). */
const fieldManager = "metahub-lists";
/** Lists that are looked at at once. */
const workers = 2;
/** Longest time for asking about one list, ms. */
const patienceMs = 60_000;
/** A list that does not change is looked at again after this many milliseconds: its tags may have moved. */
const againMs = 1_800_000;

/**
 * Writes what became of each list, as the program that serves them sees it. Every replica does: what they see is the same,
 * and what is there already is not written again.
 */
export class ListStatusWriter {
  readonly #options: ListStatusOptions;
  readonly #queue: WorkQueue<string>;

  constructor(options: ListStatusOptions) {
    this.#options = options;
    this.#queue = new WorkQueue<string>({
      workers,
      handle: async (key, signal) => ((await this.#write(key, signal)) ? { requeueAfterMs: againMs } : undefined),
      observe: (event) => {
        if (event.type !== "failed") return;
        const { key, error, failures } = event;
        options.log.warn(
          { list: key, error, failures },
          "the status of a list could not be written and is tried again",
        );
      },
    });
  }

  /** Works until the signal aborts; then finishes what is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { lists } = this.#options;
    const off = lists.onChange((changed) => this.#changed(changed));
    for (const { list } of lists.resources()) this.#queue.add(list.shown);
    await aborted(signal);
    off();
    await this.#queue.close();
  }

  /** A list and those that speak for the same repository: which of them counts may be another now. */
  #changed(changed: readonly ListedResource[]): void {
    // Where a status alone was written, by us or another replica, there is nothing to look at.
    const said = new Set(changed.map(({ list }) => `${list.identity} ${list.created}`));
    if (changed.length > 1 && said.size === 1) return;
    const repositories = new Set(changed.map(({ list }) => list.repository));
    for (const { list } of this.#options.lists.resources()) {
      if (repositories.has(list.repository)) this.#queue.add(list.shown);
    }
  }

  /** False where there is no such list any more. */
  async #write(key: string, signal: AbortSignal): Promise<boolean> {
    const { lists, powers, lookup, now } = this.#options;
    const listed = lists.resources().find(({ list }) => list.shown === key);
    if (listed === undefined) return false;
    const { list } = listed;
    const deadline = new Deadline(systemClock, signal, "asking about a list", patienceMs);
    try {
      const resolved = await resolveEntries(list, powers, lookup(list.namespace), deadline.signal);
      const status = computeListStatus({ listed, book: lists.book(), resolved, now: now() });
      if (sameJson(status, listed.status)) return true;
      return await this.#apply(listed, status, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async #apply({ list, uid }: ListedResource, status: object, signal: AbortSignal): Promise<boolean> {
    const { kind, name, namespace } = list;
    const resource = kind === "ManifestList" ? manifestListResource : clusterManifestListResource;
    const inNamespace = namespace === undefined ? {} : { namespace };
    // The uid makes the server refuse the write where this list is gone, instead of making a new one.
    const metadata = { name, ...inNamespace, ...(uid === undefined ? {} : { uid }) };
    const target = { resource, name, ...inNamespace, subresource: "status" };
    const body = { apiVersion: metahubApiVersion, kind, metadata, status };
    try {
      await this.#options.client.apply(target, body, { fieldManager, force: true, signal });
      return true;
    } catch (error) {
      // Deleted, or made anew under the same name: the watch tells.
      if (isKubernetesError(error, "NOT_FOUND", "CONFLICT")) return false;
      throw error;
    }
  }
}

/** Whatever the order of members: the API server keeps its own. */
function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => [key, inOrder(member)]);
}
