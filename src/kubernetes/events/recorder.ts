import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { Backoff } from "../../time/backoff.ts";
import { type Clock, pause, systemClock, unlessAborted } from "../../time/clock.ts";
import type { KubernetesClient } from "../client/client.ts";
import { type RateLimit, TokenBucket } from "../client/token-bucket.ts";
import { isKubernetesError } from "../error.ts";
import {
  type EventFacts,
  eventName,
  eventNamespace,
  eventObject,
  eventSeries,
  events,
  factsKey,
  type Occurrence,
} from "./event.ts";

export type EventOutcome =
  | { readonly type: "sent"; readonly facts: EventFacts; readonly count: number }
  /** `busy`: the object had too many; `full`: the queue; `failed`: the API server refused or did not answer. */
  | {
      readonly type: "dropped";
      readonly facts: EventFacts;
      readonly why: "busy" | "closed" | "failed" | "full";
      readonly error?: unknown;
    };

export interface EventRecorderOptions {
  readonly client: Pick<KubernetesClient, "create" | "patch">;
  /** `reportingController`, e.g. `metahub.dev/controller`. */
  readonly controller: string;
  /** `reportingInstance`, e.g. the Pod's name. */
  readonly instance: string;
  /** Events that may wait to be sent. Default 1,000. */
  readonly maxQueue?: number;
  /** For all. Default 5 per second, 50 at once. */
  readonly rateLimit?: RateLimit;
  /** For one object. Default 10 at once and one more a minute. */
  readonly perObject?: RateLimit;
  readonly observe?: (outcome: EventOutcome) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const overall: RateLimit = { perSecond: 5, burst: 50 };
const objectRate: RateLimit = { perSecond: 1 / 60, burst: 10 };
/** How many Events and objects are remembered; the least used are forgotten and would begin a new Event. */
const remembered = 4_096;
/** Silence after which the same news is a new Event, ms (client-go: tools/events finishTime, 6 minutes). */
const seriesMs = 360_000;
/** How often a growing count is written. */
const flushMs = 30_000;
const maxTries = 4;
const sendBackoff = { minMs: 100, baseMs: 500, maxMs: 5_000 };

/**
 * Sends Kubernetes Events in the background. Events are for people and may be lost: recording never throws, never
 * waits, and what does not fit is dropped and counted.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #known = new LRUCache<string, Occurrence>({ max: remembered });
  readonly #objects = new LRUCache<string, TokenBucket>({ max: remembered });
  readonly #queue: Occurrence[] = [];
  readonly #growing = new Set<Occurrence>();
  readonly #closing = new AbortController();
  #pumping: Promise<void> | undefined;
  #cancelFlush: (() => void) | undefined;
  #dropped = 0;
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#bucket = new TokenBucket(options.rateLimit ?? overall, this.#clock);
  }

  /** How many were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Notes that something happened; the same facts within six minutes raise the count of one Event. */
  record(facts: EventFacts): void {
    if (this.#closed) {
      this.#drop(facts, "closed");
      return;
    }
    const key = factsKey(facts);
    const now = this.#clock.wall();
    const known = this.#known.get(key);
    if (known !== undefined && now.getTime() - known.lastAt.getTime() < seriesMs) {
      known.count++;
      known.lastAt = now;
      if (!known.queued) this.#grow(known);
      return;
    }
    if (!this.#allowed(facts)) {
      this.#drop(facts, "busy");
      return;
    }
    if (this.#queue.length >= (this.#options.maxQueue ?? 1_000)) {
      this.#drop(facts, "full");
      return;
    }
    const name = eventName(facts, randomBytes(8).toString("hex"));
    const made: Occurrence = { facts, name, firstAt: now, lastAt: now, count: 1, sentCount: 0, queued: false };
    this.#known.set(key, made);
    this.#enqueue(made);
  }

  /** Sends what waits, at most until the signal ends, then stops. Never rejects. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed = true;
    this.#flush();
    try {
      if (this.#pumping !== undefined) await unlessAborted(this.#pumping, signal, "sending the last Events");
    } catch {
      // The caller's time is over: what still waits is dropped, and counted by the pump.
    }
    this.#closing.abort();
    await this.#pumping;
  }

  #allowed({ regarding }: EventFacts): boolean {
    const { apiVersion, kind, namespace, name } = regarding;
    const key = JSON.stringify([apiVersion, kind, namespace, name]);
    let bucket = this.#objects.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#options.perObject ?? objectRate, this.#clock);
      this.#objects.set(key, bucket);
    }
    return bucket.tryTake();
  }

  /** A count that grew is written with the others, some seconds later. */
  #grow(occurrence: Occurrence): void {
    // Each is in #known or was until lately; the bound only matters when many are forgotten between two flushes.
    if (this.#growing.size >= remembered) {
      this.#drop(occurrence.facts, "full");
      return;
    }
    this.#growing.add(occurrence);
    this.#cancelFlush ??= this.#clock.after(flushMs, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    for (const occurrence of this.#growing) this.#enqueue(occurrence);
    this.#growing.clear();
  }

  #enqueue(occurrence: Occurrence): void {
    occurrence.queued = true;
    this.#queue.push(occurrence);
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
    });
  }

  async #pump(): Promise<void> {
    // The caller of record() goes on first.
    await Promise.resolve();
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      next.queued = false;
      try {
        await this.#bucket.take(this.#closing.signal);
        await this.#send(next);
        this.#tell({ type: "sent", facts: next.facts, count: next.sentCount });
      } catch (error) {
        this.#drop(next.facts, this.#closing.signal.aborted ? "closed" : "failed", error);
      }
    }
  }

  async #send(occurrence: Occurrence): Promise<void> {
    const backoff = new Backoff(sendBackoff, this.#options.random ?? Math.random);
    for (let attempt = 1; ; attempt++) {
      const { count } = occurrence;
      try {
        await this.#write(occurrence);
        occurrence.sentCount = count;
        return;
      } catch (error) {
        // Deleted meanwhile (Events live an hour by default): it is made anew, as another try.
        if (isKubernetesError(error, "NOT_FOUND") && occurrence.sentCount > 0) occurrence.sentCount = 0;
        else if (!isKubernetesError(error) || !error.temporary) throw error;
        if (attempt >= maxTries) throw error;
        await pause(this.#clock, backoff.next(), this.#closing.signal);
      }
    }
  }

  async #write(occurrence: Occurrence): Promise<void> {
    const { client, controller, instance } = this.#options;
    const { signal } = this.#closing;
    const namespace = eventNamespace(occurrence.facts);
    if (occurrence.sentCount > 0) {
      const target = { resource: events, namespace, name: occurrence.name };
      await client.patch(target, { type: "merge", body: eventSeries(occurrence) }, { signal });
      return;
    }
    try {
      await client.create({ resource: events, namespace }, eventObject(occurrence, controller, instance), { signal });
    } catch (error) {
      // An earlier try arrived although its answer did not.
      if (!isKubernetesError(error, "ALREADY_EXISTS")) throw error;
    }
  }

  #drop(facts: EventFacts, why: "busy" | "closed" | "failed" | "full", error?: unknown): void {
    this.#dropped++;
    this.#tell({ type: "dropped", facts, why, error });
  }

  #tell(outcome: EventOutcome): void {
    try {
      this.#options.observe?.(outcome);
    } catch {
      // An observer that throws must not reach whoever records; there is nobody else to tell.
      this.#dropped++;
    }
  }
}
