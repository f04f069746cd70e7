import { RegistryError } from "./error.ts";
import { Tally } from "./tally.ts";
import type { Tenant } from "./tenant.ts";
import { WaitingLine } from "./waiting-line.ts";

export interface GateLimits {
  readonly perHost: number;
  readonly total: number;
  /** Requests that may wait for a place; one more is refused. */
  readonly queue: number;
}

interface Waiter {
  readonly host: string;
  readonly tenant: Tenant | undefined;
  readonly start: () => void;
}

/**
 * Bounds how many requests are under way, per host and in total, so that one slow registry cannot take every place.
 * Names of hosts cost nothing, so places are shared between tenants too: nobody gets more of them, of those of one host,
 * or of the queue, than is left for the next one, and those who wait take turns.
 */
export class Gate {
  readonly #limits: GateLimits;
  readonly #running = new Tally();
  readonly #byHost = new Map<string, Tally>();
  readonly #queued = new Tally();
  readonly #waiting = new WaitingLine<Waiter>();

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a place; the function returned gives it back, and may be called once or more. `name` is for messages.
   * @throws RegistryError OVERLOADED where too many wait; the signal's reason where it aborts
   */
  async enter(host: string, signal: AbortSignal, name: string, tenant?: Tenant): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free({ host, tenant })) return this.#take(host, tenant);
    if (!this.#queued.fits(this.#limits.queue, tenant)) {
      throw new RegistryError("OVERLOADED", `${name}: too many requests already wait; retry later`);
    }
    return await new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        signal.removeEventListener("abort", abort);
        this.#queued.remove(tenant);
      };
      const waiter: Waiter = {
        host,
        tenant,
        start: () => {
          leaveQueue();
          resolve(this.#take(host, tenant));
        },
      };
      const abort = (): void => {
        leaveQueue();
        this.#waiting.remove(waiter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#queued.add(tenant);
      this.#waiting.add(waiter);
    });
  }

  #free({ host, tenant }: Pick<Waiter, "host" | "tenant">): boolean {
    const ofHost = this.#byHost.get(host);
    return this.#running.fits(this.#limits.total, tenant) && (ofHost?.fits(this.#limits.perHost, tenant) ?? true);
  }

  #take(host: string, tenant: Tenant | undefined): () => void {
    const ofHost = this.#byHost.get(host) ?? new Tally();
    this.#byHost.set(host, ofHost);
    this.#running.add(tenant);
    ofHost.add(tenant);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#running.remove(tenant);
      ofHost.remove(tenant);
      if (ofHost.total === 0 && this.#byHost.get(host) === ofHost) this.#byHost.delete(host);
      this.#admit();
    };
  }

  /** One place that is free may let several go on, since it is more to share. */
  #admit(): void {
    for (;;) {
      const next = this.#waiting.take((waiter) => this.#free(waiter));
      if (next === undefined) return;
      next.start();
    }
  }
}
