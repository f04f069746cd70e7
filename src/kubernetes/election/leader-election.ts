import { type Clock, pause, systemClock } from "../../time/clock.ts";
import { isKubernetesError, KubernetesError } from "../error.ts";
import { lead } from "./leading.ts";
import { LeaseLock, type LeaseLockOptions } from "./lease-lock.ts";

export type LeaderElectionEvent =
  | { readonly type: "leading" }
  | { readonly type: "lost"; readonly error: KubernetesError }
  | { readonly type: "released" }
  /** Somebody else's name in the Lease. */
  | { readonly type: "follows"; readonly leader: string }
  | { readonly type: "failed"; readonly error: unknown };

export interface LeaderElectionOptions extends Pick<LeaseLockOptions, "client" | "namespace" | "name"> {
  /** Must differ between all processes that ever run: the Pod's name with a random part. */
  readonly identity: string;
  /** How long others leave an unrenewed Lease alone, ms. Default 15 s. */
  readonly leaseMs?: number;
  /** How long the leader tries to renew before it stops, ms. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between tries, ms. Default 2 s. */
  readonly retryMs?: number;
  /** How long a leader that must stop may take, ms. Default 10 s. */
  readonly stopMs?: number;
  readonly observe?: (event: LeaderElectionEvent) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** client-go's JitterFactor: followers wait up to 2.2 times retryMs, so that they do not all try together. */
const jitter = 1.2;

/**
 * One leader among several processes, by a Lease, with client-go's rules (tools/leaderelection). Another's Lease has
 * expired when it was not seen to change for its duration on *our* monotonic clock; times in the Lease are written
 * for people and never compared. Writes carry the resourceVersion that was read, so of two that try one loses.
 *
 * Like every lease without fencing it cannot stop a process that was suspended: what the leader writes must stay
 * right when two do it for a moment (optimistic updates, server-side apply).
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #lock: LeaseLock;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  #isLeader = false;

  /** @throws KubernetesError CONFIG when leaseMs > renewDeadlineMs > 1.2 × retryMs does not hold. */
  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const leaseMs = options.leaseMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
    const ordered = leaseMs > this.#renewDeadlineMs && this.#renewDeadlineMs > this.#retryMs * jitter;
    if (!ordered || leaseMs % 1_000 !== 0 || options.identity === "") {
      const rule = "the lease must be whole seconds and longer than the renew deadline, that longer than 1.2 retries";
      throw new KubernetesError("CONFIG", `leader election ${options.name}: ${rule}; and identity must not be empty`);
    }
    this.#lock = new LeaseLock({ ...options, leaseMs, clock: this.#clock });
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Who holds the Lease as far as we know. */
  get leader(): string | undefined {
    return this.#lock.holder;
  }

  /**
   * Waits for leadership and calls `onLeading`, again after each loss, until the signal ends it or `onLeading` returns
   * by itself. The signal that `onLeading` gets ends when leadership is lost or the outer signal ends; it must then
   * stop within leaseMs − renewDeadlineMs. The Lease is given back when it has stopped.
   * @throws what `onLeading` throws; KubernetesError TIMEOUT when it does not stop in `stopMs`
   */
  async run(signal: AbortSignal, onLeading: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { stopMs = 10_000 } = this.#options;
    while (await this.#acquire(signal)) {
      this.#isLeader = true;
      this.#observe({ type: "leading" });
      try {
        const renew = (stop: AbortSignal): Promise<KubernetesError | undefined> => this.#renewUntilLost(stop);
        const end = await lead({ signal, onLeading, renew, stopMs, clock: this.#clock });
        if (end.lost === undefined) {
          await this.#release();
          return;
        }
        this.#observe({ type: "lost", error: end.lost });
      } catch (error) {
        // onLeading failed, and has ended: others may go on at once. A TIMEOUT has not ended: let the Lease run out.
        if (!isKubernetesError(error, "TIMEOUT")) await this.#release();
        throw error;
      } finally {
        this.#isLeader = false;
      }
    }
  }

  /** @returns false when the signal ended it. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const random = this.#options.random ?? Math.random;
    let followed = "";
    while (!signal.aborted) {
      const taken = await this.#tryToAcquire(signal);
      if (taken === true) return true;
      if (taken === false && this.leader !== undefined && this.leader !== followed) {
        followed = this.leader;
        this.#observe({ type: "follows", leader: followed });
      }
      if (signal.aborted) return false;
      await pause(this.#clock, this.#retryMs * (1 + random() * jitter), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
    return false;
  }

  /** @returns whether the Lease is ours; undefined where nobody can say */
  async #tryToAcquire(signal: AbortSignal): Promise<boolean | undefined> {
    try {
      return await this.#lock.tryOnce(signal, this.#renewDeadlineMs, false);
    } catch (error) {
      if (!signal.aborted) this.#observe({ type: "failed", error });
      return undefined;
    }
  }

  /** @returns why leadership is lost, or undefined when told to stop. */
  async #renewUntilLost(stop: AbortSignal): Promise<KubernetesError | undefined> {
    try {
      return await this.#renewWhilePossible(stop);
    } catch (error) {
      if (stop.aborted) return undefined;
      throw error;
    }
  }

  async #renewWhilePossible(stop: AbortSignal): Promise<KubernetesError> {
    const { name, identity } = this.#options;
    let renewedAt = this.#clock.now();
    let last: unknown;
    const left = (): number => renewedAt + this.#renewDeadlineMs - this.#clock.now();
    while (left() > 0) {
      await pause(this.#clock, Math.min(this.#retryMs, left()), stop);
      const started = this.#clock.now();
      const timeoutMs = Math.min(this.#renewDeadlineMs / 2, left());
      if (timeoutMs <= 0) continue;
      try {
        if (await this.#lock.tryOnce(stop, timeoutMs, true)) renewedAt = started;
        else if (this.leader !== undefined && this.leader !== identity) {
          return new KubernetesError("CONFLICT", `leader election ${name}: ${this.leader} took the Lease`);
        }
      } catch (error) {
        if (stop.aborted) throw error;
        last = error;
        this.#observe({ type: "failed", error });
      }
    }
    const message = `leader election ${name}: not renewed within ${this.#renewDeadlineMs / 1_000} s`;
    return new KubernetesError("TIMEOUT", message, { cause: last });
  }

  /** Gives the Lease back so that another need not wait for it to expire. Failing is no harm: it expires. */
  async #release(): Promise<void> {
    try {
      if (await this.#lock.release()) this.#observe({ type: "released" });
    } catch (error) {
      this.#observe({ type: "failed", error });
    }
  }

  #observe(event: LeaderElectionEvent): void {
    this.#options.observe?.(event);
  }
}
