import { heapSize } from "../../../json/heap-size.ts";
import { isKubernetesError, type KubernetesError } from "../../../kubernetes/error.ts";
import type { KubernetesObject } from "../../../kubernetes/object.ts";
import { keyOf } from "../../../kubernetes/object.ts";
import type { Change as Changed, ReflectorEvent } from "../../../kubernetes/reflector/options.ts";
import { Reflector } from "../../../kubernetes/reflector/reflector.ts";
import type { Resource } from "../../../kubernetes/resource.ts";
import type { Clock } from "../../../time/clock.ts";
import { onAbort } from "../../../time/on-abort.ts";
import { refusedRight } from "../problems.ts";
import type { Member } from "./member.ts";
import { isHandover, OwnedClient } from "./owned-client.ts";
import { type Right, reviewMs, rightText } from "./reviews.ts";

/** A member who asked nothing for so long does not keep a watch open, ms: their page is closed, or in the background. */
const idleMs = 120_000;
/** The longest wait for the first list, ms. */
const firstListMs = 20_000;
/** How long a write waits until the watch shows it, ms. */
const seenMs = 2_000;
/** Changes within so many milliseconds are told together. */
const gatherMs = 200;

export interface WatchedKind<Kept> {
  readonly resource: Resource;
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  /** For people: `see nodes`. */
  readonly words: string;
  /** Keeps of an object what is shown. */
  readonly keep: (object: KubernetesObject) => Kept | undefined;
  /** Bytes that are kept, by estimate. Beyond them objects are left out, and `notes` says so. */
  readonly maxBytes: number;
}

/** Told to whoever listens to a watch. */
export type WatchNews =
  /** Keys of objects that changed. */
  | { readonly type: "changed"; readonly keys: readonly string[] }
  | { readonly type: "lost" }
  | { readonly type: "back" }
  /** Who listens may not see this any more. */
  | { readonly type: "refused" };

export interface SharedWatchOptions<Kept> {
  readonly kind: WatchedKind<Kept>;
  readonly clock: Pick<Clock, "now" | "after">;
  readonly observe: (resource: string, event: ReflectorEvent) => void;
  /** Told once of a watch whose bytes are used up. */
  readonly onLeftOut: (resource: string) => void;
}

interface Membership {
  usedAt: number;
  readonly listeners: Set<(news: WatchNews) => void>;
}

interface Running<Kept> {
  readonly reflector: Reflector<Kept>;
  readonly ended: AbortController;
  readonly run: Promise<void>;
}

/**
 * One watch for all who may watch the same. It is opened with the token of one of them; each of the others is let in by a
 * SelfSubjectAccessReview, which is asked again each minute. Where its owner signs out or loses the right, it goes on with
 * another's token; where nobody is left, it ends, and what it held is forgotten.
 */
export class SharedWatch<Kept extends object> {
  readonly #options: SharedWatchOptions<Kept>;
  readonly #client = new OwnedClient();
  readonly #members = new Map<Member, Membership>();
  readonly #looks = new Set<() => void>();
  #sizes = new WeakMap<Kept, number>();
  #running: Running<Kept> | undefined;
  #bytes = 0;
  #version = 0;
  #leftOut = false;
  #failing = false;
  #failure: KubernetesError | undefined;
  #changed = new Set<string>();
  #endTelling: (() => void) | undefined;
  #endSweeping: (() => void) | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: SharedWatchOptions<Kept>) {
    this.#options = options;
  }

  /** Whether a change is still to be told to those who listen. */
  get pending(): boolean {
    return this.#endTelling !== undefined;
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  /** For people: a sentence where objects were left out since the watch was opened, because of their size. */
  get notes(): readonly string[] {
    const { words, resource } = this.#options.kind;
    if (!this.#leftOut) return [];
    return [`Not all is shown: there are more ${resource.plural} than this console keeps to let people ${words}.`];
  }

  /** How many have a part in it. */
  get members(): number {
    return this.#members.size;
  }

  /**
   * The objects, by `namespace/name` or name, for one who may watch them. Opens the watch where nobody has.
   * @throws ConsoleError 403; KubernetesError where the API server does not answer
   */
  async join(member: Member, signal: AbortSignal): Promise<ReadonlyMap<string, Kept>> {
    const missing = await member.reviews.missing(this.#rights, signal);
    if (missing !== undefined) {
      this.#drop(member, true);
      throw this.refusal(missing);
    }
    member.signedOut.throwIfAborted();
    this.#enter(member);
    return await this.#synced(signal);
  }

  /** The same; undefined for one who may not, and where the cluster does not have the resource. */
  async joinIfAllowed(member: Member, signal: AbortSignal): Promise<ReadonlyMap<string, Kept> | undefined> {
    const missing = await member.reviews.missing(this.#rights, signal);
    if (missing !== undefined) return undefined;
    return await this.join(member, signal).catch((error: unknown) => {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    });
  }

  /** The problem for one who lacks a right. */
  refusal(missing: Right): Error {
    const { words, namespace } = this.#options.kind;
    const where = namespace === undefined ? {} : { where: `in namespace ${namespace}` };
    return refusedRight({ words, right: rightText(missing), ...where });
  }

  /** Tells a member who joined of what happens, until `leave` is called; that keeps the watch open. */
  listen(member: Member, tell: (news: WatchNews) => void): () => void {
    const membership = this.#enter(member);
    membership.listeners.add(tell);
    if (this.#failing) tell({ type: "lost" });
    return () => {
      membership.listeners.delete(tell);
      membership.usedAt = this.#options.clock.now();
    };
  }

  /** Waits until a write shows, or a while. */
  async seen(test: (store: ReadonlyMap<string, Kept>) => boolean, signal: AbortSignal): Promise<void> {
    const store = this.#running?.reflector.store;
    if (store === undefined || test(store)) return;
    const ended = AbortSignal.any([signal, AbortSignal.timeout(seenMs)]);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (test(store)) finish();
      };
      const finish = (): void => {
        this.#looks.delete(look);
        takeBack();
        resolve();
      };
      const takeBack = onAbort(ended, finish);
      this.#looks.add(look);
    });
  }

  /** Somebody signed out. */
  leave(member: Member): void {
    this.#drop(member, false);
  }

  async close(): Promise<void> {
    for (const member of [...this.#members.keys()]) this.#drop(member, false);
    await this.#sweeping;
  }

  get #rights(): readonly Right[] {
    const { resource, namespace } = this.#options.kind;
    return (["list", "watch"] as const).map((verb) => ({ verb, resource, namespace }));
  }

  #enter(member: Member): Membership {
    const known = this.#members.get(member);
    const usedAt = this.#options.clock.now();
    if (known !== undefined) known.usedAt = usedAt;
    const membership = known ?? { usedAt, listeners: new Set() };
    this.#members.set(member, membership);
    if (this.#client.owner === undefined) this.#client.handTo(member);
    if (this.#running === undefined) this.#start();
    return membership;
  }

  #start(): void {
    const { kind } = this.#options;
    const isCurrent = (): boolean => this.#running?.reflector === reflector;
    const reflector = new Reflector<Kept>({
      client: this.#client,
      resource: kind.resource,
      namespace: kind.namespace,
      transform: (object) => this.#keep(object),
      onChange: (change) => {
        if (isCurrent()) this.#follow(change);
      },
      observe: (event) => {
        if (isCurrent()) this.#observe(event);
      },
    });
    const ended = new AbortController();
    this.#failure = undefined;
    this.#running = { reflector, ended, run: reflector.run(ended.signal) };
    this.#sweepLater();
  }

  async #synced(signal: AbortSignal): Promise<ReadonlyMap<string, Kept>> {
    const running = this.#running;
    if (running === undefined) throw this.#failure ?? new Error("the watch ended");
    if (!running.reflector.hasSynced) {
      const ended = AbortSignal.any([signal, running.ended.signal, AbortSignal.timeout(firstListMs)]);
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (running.reflector.hasSynced) finish(resolve);
          else if (this.#failure !== undefined) finish(() => reject(this.#failure));
        };
        const finish = (end: () => void): void => {
          this.#looks.delete(look);
          takeBack();
          end();
        };
        const takeBack = onAbort(ended, () => finish(() => reject(this.#failure ?? ended.reason)));
        this.#looks.add(look);
      });
    }
    return running.reflector.store;
  }

  #keep(object: KubernetesObject): Kept | undefined {
    const { keep, maxBytes } = this.#options.kind;
    const kept = keep(object);
    if (kept === undefined) return undefined;
    const size = heapSize(kept);
    const before = this.#running?.reflector.store.get(keyOf(object));
    if (this.#bytes - this.#sizeOf(before) + size > maxBytes) {
      this.#leaveOut();
      return undefined;
    }
    this.#sizes.set(kept, size);
    return kept;
  }

  #leaveOut(): void {
    if (this.#leftOut) return;
    this.#leftOut = true;
    this.#version += 1;
    this.#options.onLeftOut(this.#options.kind.resource.plural);
  }

  #sizeOf(kept: Kept | undefined): number {
    return kept === undefined ? 0 : (this.#sizes.get(kept) ?? 0);
  }

  #follow({ key, object, previous }: Changed<Kept>): void {
    this.#bytes += this.#sizeOf(object) - this.#sizeOf(previous);
    this.#version += 1;
    for (const look of [...this.#looks]) look();
    // The first list is no change: nobody has seen anything before.
    if (this.#running?.reflector.hasSynced !== true) return;
    this.#changed.add(key);
    this.#endTelling ??= this.#options.clock.after(gatherMs, () => this.#tellChanges());
  }

  #tellChanges(): void {
    this.#endTelling = undefined;
    const keys = [...this.#changed];
    this.#changed = new Set();
    this.#tell({ type: "changed", keys });
  }

  #tell(news: WatchNews): void {
    for (const { listeners } of this.#members.values()) for (const listener of [...listeners]) listener(news);
  }

  #observe(event: ReflectorEvent): void {
    this.#options.observe(this.#options.kind.resource.plural, event);
    if (event.type === "failed") this.#failed(event.error);
    else if (event.type === "listed" || event.type === "watching") this.#works();
  }

  #works(): void {
    this.#failure = undefined;
    if (this.#failing) this.#tell({ type: "back" });
    this.#failing = false;
    // A list that was empty changes nothing, and is waited for all the same.
    queueMicrotask(() => {
      for (const look of [...this.#looks]) look();
    });
  }

  #failed(error: KubernetesError): void {
    if (isHandover(error)) return;
    const { owner } = this.#client;
    const refused = isKubernetesError(error, "UNAUTHORIZED", "FORBIDDEN") ? owner : undefined;
    // The API server refuses the owner's token, or the right: the others may still have both.
    if (refused !== undefined && this.#members.size > 1) {
      this.#drop(refused, true);
      return;
    }
    this.#failure = error;
    if (!this.#failing) this.#tell({ type: "lost" });
    this.#failing = true;
    for (const look of [...this.#looks]) look();
    if (refused !== undefined) this.#drop(refused, true);
  }

  /** @param tell whether who listens is told that they may not see this any more */
  #drop(member: Member, tell: boolean): void {
    const membership = this.#members.get(member);
    if (membership === undefined) return;
    this.#members.delete(member);
    if (tell) for (const listener of [...membership.listeners]) listener({ type: "refused" });
    if (this.#client.owner !== member) return;
    const [next] = this.#members.keys();
    this.#client.handTo(next);
    if (next === undefined) this.#end();
  }

  #end(): void {
    this.#running?.ended.abort(new Error("nobody looks at it"));
    this.#running = undefined;
    this.#endSweeping?.();
    this.#endTelling?.();
    this.#endSweeping = undefined;
    this.#endTelling = undefined;
    this.#changed = new Set();
    this.#sizes = new WeakMap();
    this.#bytes = 0;
    this.#leftOut = false;
    this.#version += 1;
    this.#failing = false;
  }

  #sweepLater(): void {
    this.#endSweeping?.();
    this.#endSweeping = this.#options.clock.after(reviewMs, () => {
      this.#sweeping = this.#sweep();
    });
  }

  /** Each minute: who is idle leaves, and so does who may not watch this any more. */
  async #sweep(): Promise<void> {
    const now = this.#options.clock.now();
    for (const [member, { usedAt, listeners }] of [...this.#members]) {
      if (listeners.size === 0 && now - usedAt >= idleMs) this.#drop(member, false);
      else if (!(await this.#mayStay(member))) this.#drop(member, true);
    }
    if (this.#running !== undefined) this.#sweepLater();
  }

  async #mayStay({ reviews, signedOut }: Member): Promise<boolean> {
    try {
      const answers = await Promise.all(this.#rights.map((right) => reviews.ask(right, signedOut)));
      return answers.every((allowed) => allowed);
    } catch (error) {
      // An API server that does not answer takes no right away. One that does not know the token any more does.
      return !signedOut.aborted && !isKubernetesError(error, "UNAUTHORIZED");
    }
  }
}
