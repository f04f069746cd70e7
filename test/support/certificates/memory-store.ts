import type { StoredData } from "../../../src/certificates/material.ts";
import type { CertificateStore, Stored } from "../../../src/certificates/store.ts";
import type { Clock } from "../../../src/time/clock.ts";

/** Time that leaps by hand, months at once: whatever came due meanwhile is called once, at the end of the leap. */
export class LeapingClock implements Clock {
  #ms: number;
  readonly #timers = new Map<symbol, { readonly at: number; readonly call: () => void }>();
  #asked = Promise.withResolvers<void>();

  constructor(start = Date.parse("2026-01-01T00:00:00Z")) {
    this.#ms = start;
  }
  now(): number {
    return this.#ms;
  }
  wall(): Date {
    return new Date(this.#ms);
  }
  after(ms: number, call: () => void): () => void {
    const id = Symbol();
    this.#timers.set(id, { at: this.#ms + ms, call });
    this.#asked.resolve();
    return () => this.#timers.delete(id);
  }
  /** Waits until a timer is set; then moves on and calls what is due. */
  async advance(ms: number): Promise<void> {
    if (this.#timers.size === 0) await this.#asked.promise;
    this.#asked = Promise.withResolvers<void>();
    this.#ms += ms;
    for (const [id, { at, call }] of [...this.#timers]) {
      if (at > this.#ms) continue;
      this.#timers.delete(id);
      call();
    }
  }
  /** Resolves when whoever was woken waits again. */
  async idle(): Promise<void> {
    if (this.#timers.size === 0) await this.#asked.promise;
  }
  get timers(): number {
    return this.#timers.size;
  }
}

/** A Secret as the API server keeps it: versions, and conflicts for those who come second. */
export class MemoryStore implements CertificateStore {
  readonly place = "Secret metahub/tls";
  stored: Stored | undefined;
  writes = 0;
  failure: Error | undefined;
  /** Runs before a write is judged: what another replica does meanwhile. */
  meanwhile: (() => void) | undefined;

  async read(): Promise<Stored | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return this.stored;
  }
  async create(data: Required<StoredData>): Promise<Stored | "conflict"> {
    return this.#write(data, undefined);
  }
  async update(data: Required<StoredData>, version: string): Promise<Stored | "conflict"> {
    return this.#write(data, version);
  }
  #write(data: Required<StoredData>, version: string | undefined): Stored | "conflict" {
    this.meanwhile?.();
    if (this.stored?.version !== version) return "conflict";
    this.stored = { data, version: String(++this.writes) };
    return this.stored;
  }
}
