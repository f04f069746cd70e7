import { Backoff, type BackoffBounds } from "../time/backoff.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { type RateLimit, TokenBucket } from "./client/token-bucket.ts";
import { KubernetesError } from "./error.ts";

/** A handler's wish: to be called again for the key later. */
export interface Requeue {
  readonly requeueAfterMs: number;
}

export type WorkQueueEvent<Key> =
  | { readonly type: "handled"; readonly key: Key; readonly durationMs: number }
  | {
      readonly type: "failed";
      readonly key: Key;
      readonly error: unknown;
      readonly failures: number;
      readonly retryInMs: number;
    }
  /** More keys than `maxKeys`: the key was not taken. */
  | { readonly type: "dropped"; readonly key: Key };

export interface WorkQueueOptions<Key extends string> {
  /** Brings the world to what the key's object asks; a rejection means: try again later. */
  readonly handle: (key: Key, signal: AbortSignal) => Promise<Requeue | undefined>;
  /** Keys handled at once. Default 1. */
  readonly workers?: number;
  /** Waits after a key's failures. Default 50 ms doubling to 5 min. */
  readonly backoff?: BackoffBounds;
  /** For all retries together. Default 10 per second, 100 at once, as client-go's DefaultControllerRateLimiter. */
  readonly retryLimit?: RateLimit;
  /** Keys that may wait, run or be due later at once. Default 100,000. */
  readonly maxKeys?: number;
  readonly observe?: (event: WorkQueueEvent<Key>) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const defaultBackoff: BackoffBounds = { minMs: 10, baseMs: 50, maxMs: 300_000 };
const defaultRetries: RateLimit = { perSecond: 10, burst: 100 };

/**
 * Keys to be handled: each waits at most once, is handled by one worker at a time, and comes again when it was added
 * while it was handled. Failures come again after a growing wait.
 */
export class WorkQueue<Key extends string = string> {
  readonly #options: WorkQueueOptions<Key>;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #ready = new Set<Key>();
  readonly #running = new Map<Key, Promise<void>>();
  readonly #again = new Set<Key>();
  readonly #delayed = new Map<Key, { readonly due: number; readonly cancel: () => void }>();
  readonly #retries = new Map<Key, () => void>();
  readonly #backoffs = new Map<Key, Backoff>();
  readonly #stopping = new AbortController();
  #idle: PromiseWithResolvers<void> | undefined;
  #closed = false;

  constructor(options: WorkQueueOptions<Key>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#bucket = new TokenBucket(options.retryLimit ?? defaultRetries, this.#clock);
  }

  /** Keys that wait to be handled now. */
  get length(): number {
    return this.#ready.size;
  }

  /** Keys being handled. */
  get running(): number {
    return this.#running.size;
  }

  /** Keys due later: asked for by addAfter, or after a failure. */
  get delayed(): number {
    return this.#delayed.size + this.#retries.size;
  }

  /** @returns false when the queue is closed or full. */
  add(key: Key): boolean {
    if (this.#closed) return false;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return true;
    }
    if (this.#full(key)) return false;
    this.#ready.add(key);
    this.#pump();
    return true;
  }

  /** Adds after a while; of several times for a key the earliest counts. */
  addAfter(key: Key, ms: number): boolean {
    if (ms <= 0) return this.add(key);
    if (this.#closed || this.#full(key)) return false;
    const due = this.#clock.now() + ms;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.due <= due) return true;
    known?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, cancel });
    return true;
  }

  /** The object is gone: its failures and what is due later for it are forgotten. */
  forget(key: Key): void {
    this.#succeeded(key);
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Resolves when nothing waits and nothing runs; what is due later does not count. */
  idle(): Promise<void> {
    if (this.#ready.size === 0 && this.#running.size === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers<void>();
    return this.#idle.promise;
  }

  /**
   * Takes no more keys, drops what waits and every timer, lets running handlers finish. After `graceMs` their signal
   * ends; a second later they are left behind.
   * @returns how many were left behind
   */
  async close(graceMs = 10_000): Promise<number> {
    this.#closed = true;
    this.#ready.clear();
    this.#again.clear();
    for (const { cancel } of this.#delayed.values()) cancel();
    for (const cancel of this.#retries.values()) cancel();
    this.#delayed.clear();
    this.#retries.clear();
    this.#backoffs.clear();
    const finished = Promise.all(this.#running.values());
    const late = Promise.withResolvers<void>();
    let cancel = this.#clock.after(graceMs, () => {
      this.#stopping.abort(new KubernetesError("CLOSED", "the work queue is closing"));
      cancel = this.#clock.after(1_000, late.resolve);
    });
    await Promise.race([finished, late.promise]);
    cancel();
    this.#settle();
    return this.#running.size;
  }

  #full(key: Key): boolean {
    if (this.#ready.has(key) || this.#delayed.has(key) || this.#retries.has(key)) return false;
    const size = this.#ready.size + this.#running.size + this.delayed;
    if (size < (this.#options.maxKeys ?? 100_000)) return false;
    this.#options.observe?.({ type: "dropped", key });
    return true;
  }

  #pump(): void {
    const workers = this.#options.workers ?? 1;
    for (const key of this.#ready) {
      if (this.#running.size >= workers) return;
      this.#ready.delete(key);
      this.#retries.get(key)?.();
      this.#retries.delete(key);
      // The handler starts in a later microtask, so that add() never runs it under the caller's feet.
      this.#running.set(
        key,
        Promise.resolve().then(() => this.#run(key)),
      );
    }
  }

  async #run(key: Key): Promise<void> {
    const started = this.#clock.now();
    try {
      const result = await this.#options.handle(key, this.#stopping.signal);
      this.#succeeded(key);
      this.#options.observe?.({ type: "handled", key, durationMs: this.#clock.now() - started });
      if (result !== undefined && !this.#closed) this.addAfter(key, Math.max(1, result.requeueAfterMs));
    } catch (error) {
      this.#failed(key, error);
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.#ready.add(key);
      this.#pump();
      this.#settle();
    }
  }

  #failed(key: Key, error: unknown): void {
    let backoff = this.#backoffs.get(key);
    if (backoff === undefined) {
      backoff = new Backoff(this.#options.backoff ?? defaultBackoff, this.#options.random ?? Math.random);
      this.#backoffs.set(key, backoff);
    }
    const retryInMs = Math.max(backoff.next(), this.#bucket.reserve());
    this.#options.observe?.({ type: "failed", key, error, failures: backoff.failures, retryInMs });
    if (this.#closed) return;
    const cancel = this.#clock.after(retryInMs, () => {
      this.#retries.delete(key);
      this.add(key);
    });
    this.#retries.set(key, cancel);
  }

  #succeeded(key: Key): void {
    this.#backoffs.delete(key);
    this.#retries.get(key)?.();
    this.#retries.delete(key);
  }

  #settle(): void {
    if (this.#ready.size > 0 || this.#running.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
