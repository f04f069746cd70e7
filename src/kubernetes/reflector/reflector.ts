import { Backoff, type BackoffBounds } from "../../time/backoff.ts";
import { type Clock, pause, systemClock } from "../../time/clock.ts";
import type { WatchEvent } from "../client/requests.ts";
import { abortError, errorText, isKubernetesError, KubernetesError } from "../error.ts";
import { parseObject } from "../object.ts";
import { resourceName } from "../resource.ts";
import type { ReflectorEvent, ReflectorOptions } from "./options.ts";
import { ReflectorStore } from "./store.ts";

export type ReflectorState = "idle" | "listing" | "watching" | "backing-off" | "stopped";

/**
 * Bookmarks come about once a minute (apiserver storage/cacher: bookmarkFrequency), but nobody promises them. Two and
 * a half missed ones is dead; where a server sends none, a quiet watch is merely opened anew from where it was.
 */
const defaultIdleMs = 150_000;
/** client-go's reflector asks for 5 to 10 minutes, spread so that watches do not all end together. */
const watchSeconds = { min: 300, max: 600 } as const;
/** Ten seconds at most: a webhook that decides on old nodes for half a minute is worse than one request more. */
const defaultBackoff: BackoffBounds = { minMs: 20, baseMs: 800, maxMs: 10_000 };
const defaultPageSize = 500;
/** A watch that lives this long has worked, even when nothing happened. */
const soundWatchMs = 10_000;
/** As many refusals in a row without progress, and what we resume from is doubted: list again. */
const maxRefusals = 5;

/**
 * Keeps a small copy of a collection: lists it page by page, follows it by a watch, and comes back after whatever
 * breaks, until the signal ends it.
 */
export class Reflector<Kept> {
  /** Resolves after the first whole list; rejects with KubernetesError when stopped before. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions<Kept>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #store: ReflectorStore<Kept>;
  readonly #syncing = Promise.withResolvers<void>();
  #state: ReflectorState = "idle";
  #hasSynced = false;
  #resourceVersion: string | undefined;
  #lastError: KubernetesError | undefined;
  #pageSize: number;
  #refusals = 0;

  constructor(options: ReflectorOptions<Kept>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff(options.backoff ?? defaultBackoff, this.#random);
    this.#store = new ReflectorStore(options);
    this.#pageSize = options.pageSize ?? defaultPageSize;
    this.synced = this.#syncing.promise;
    // Who does not wait for it learns of the end from run(); an unhandled rejection would end the process.
    this.synced.catch(() => undefined);
  }

  /** The objects that are kept, by `namespace/name` (`name` where there are no namespaces). A live view, not a copy. */
  get store(): ReadonlyMap<string, Kept> {
    return this.#store.kept;
  }

  get state(): ReflectorState {
    return this.#state;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Where a watch resumes; undefined before the first list and while a new one is due. */
  get lastSyncResourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Why it is not following right now; undefined when it is. */
  get lastError(): KubernetesError | undefined {
    return this.#lastError;
  }

  /** Follows until the signal ends it; then resolves. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    const name = resourceName(this.#options.resource);
    if (this.#state !== "idle") throw new KubernetesError("INVALID", `the reflector of ${name} was started before`);
    this.#state = "listing";
    try {
      while (!signal.aborted) {
        try {
          if (this.#resourceVersion === undefined) this.#resourceVersion = await this.#list(signal);
          await this.#watch(this.#resourceVersion, signal);
        } catch (error) {
          if (!signal.aborted) await this.#recover(error, signal);
        }
      }
    } catch (error) {
      // Only the wait in #recover gets here, ended by the signal.
      if (!signal.aborted) throw error;
    } finally {
      this.#state = "stopped";
      this.#syncing.reject(abortError(signal, `reflector of ${name}`));
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    this.#state = "listing";
    const started = this.#clock.now();
    const listing = this.#store.beginList();
    const onPassedOver = (bytes: number): void => this.#observe({ type: "passed-over", bytes });
    const query = { signal, labelSelector, fieldSelector, pageSize: this.#pageSize, onPassedOver };
    const resourceVersion = await client.each({ resource, namespace }, query, (item) => listing.put(parseObject(item)));
    listing.finish();
    this.#lastError = undefined;
    this.#pageSize = this.#options.pageSize ?? defaultPageSize;
    this.#observe({ type: "listed", objects: listing.size, durationMs: this.#clock.now() - started });
    if (!this.#hasSynced) {
      this.#hasSynced = true;
      this.#syncing.resolve();
      this.#store.tell(() => this.#options.onSynced?.());
    }
    return resourceVersion;
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    this.#state = "watching";
    const { min, max } = watchSeconds;
    let openedAt: number | undefined;
    let progress = false;
    try {
      const events = client.watch(
        { resource, namespace },
        {
          signal,
          labelSelector,
          fieldSelector,
          resourceVersion: from,
          timeoutSeconds: Math.floor(min + this.#random() * (max - min)),
          idleMs: this.#options.idleMs ?? defaultIdleMs,
          onOpen: () => {
            openedAt = this.#clock.now();
            this.#lastError = undefined;
            this.#observe({ type: "watching", resourceVersion: from });
          },
        },
      );
      for await (const event of events) {
        this.#follow(event);
        progress = true;
        this.#sound();
      }
    } finally {
      // Counted from when it was open: a connection attempt that takes long to fail is no sound watch.
      if (openedAt !== undefined) {
        const durationMs = this.#clock.now() - openedAt;
        if (durationMs >= soundWatchMs) {
          progress = true;
          this.#sound();
        }
        this.#observe({ type: "watch-ended", durationMs });
      }
    }
    // A server (or a proxy before it) that ends watches at once would otherwise be asked in a tight loop.
    if (!progress && !signal.aborted) {
      throw new KubernetesError("SERVER_ERROR", `WATCH ${resourceName(resource)}: ended at once, without an event`);
    }
  }

  #follow(event: WatchEvent): void {
    this.#observe({ type: "event", event: event.type });
    if (event.type === "bookmark") {
      this.#resourceVersion = event.resourceVersion;
      return;
    }
    if (event.type === "deleted") this.#store.remove(event.object);
    else this.#store.put(event.object);
    this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
  }

  #sound(): void {
    this.#lastError = undefined;
    this.#refusals = 0;
    this.#backoff.reset();
  }

  async #recover(cause: unknown, signal: AbortSignal): Promise<void> {
    const error = isKubernetesError(cause)
      ? cause
      : new KubernetesError("UNEXPECTED", `${resourceName(this.#options.resource)}: ${errorText(cause)}`, { cause });
    // A pages' token that expired means that the list took longer than etcd keeps history (5 minutes): fewer pages.
    if (error.code === "GONE" && this.#state === "listing") this.#pageSize = Math.min(this.#pageSize * 4, 5_000);
    // Objects may be a hundred times as large as usual: a page of fewer is read. One alone always can be.
    if (error.code === "TOO_LARGE" && this.#state === "listing") this.#pageSize = Math.ceil(this.#pageSize / 2);
    const answered = !isKubernetesError(error, "UNREACHABLE", "TIMEOUT", "TOO_MANY_REQUESTS");
    if (answered) this.#refusals++;
    // Resuming after an event that cannot be read would only meet it again; a list shows what came of it.
    const relist = isKubernetesError(error, "GONE", "MALFORMED", "TOO_LARGE") || this.#refusals >= maxRefusals;
    if (relist) {
      this.#resourceVersion = undefined;
      this.#refusals = 0;
    }
    this.#lastError = error;
    this.#state = "backing-off";
    const retryInMs = Math.max(this.#backoff.next(), Math.min(error.retryAfterMs ?? 0, defaultBackoff.maxMs));
    this.#observe({ type: "failed", error, relist, retryInMs });
    await pause(this.#clock, retryInMs, signal);
  }

  #observe(event: ReflectorEvent): void {
    this.#options.observe?.(event);
  }
}
