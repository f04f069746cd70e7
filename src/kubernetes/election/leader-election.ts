import { type Clock, pause, systemClock } from "../../time/clock.ts";
import type { KubernetesClient } from "../client/client.ts";
import { isKubernetesError, KubernetesError } from "../error.ts";
import { apiVersionOf, type ObjectTarget } from "../resource.ts";
import { lead } from "./leading.ts";
import { type Lease, leases, microTime, parseLease } from "./lease.ts";

export type LeaderElectionEvent =
  | { readonly type: "leading" }
  | { readonly type: "lost"; readonly error: KubernetesError }
  | { readonly type: "released" }
  /** Somebody else's name in the Lease. */
  | { readonly type: "follows"; readonly leader: string }
  | { readonly type: "failed"; readonly error: unknown };

export interface LeaderElectionOptions {
  readonly client: Pick<KubernetesClient, "get" | "create" | "update">;
  readonly namespace: string;
  readonly name: string;
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
  readonly #target: ObjectTarget;
  readonly #leaseMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  #seen: { readonly lease: Lease; readonly at: number } | undefined;
  #isLeader = false;

  /** @throws KubernetesError CONFIG when leaseMs > renewDeadlineMs > 1.2 × retryMs does not hold. */
  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#target = { resource: leases, namespace: options.namespace, name: options.name };
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
    const ordered = this.#leaseMs > this.#renewDeadlineMs && this.#renewDeadlineMs > this.#retryMs * jitter;
    if (!ordered || this.#leaseMs % 1_000 !== 0 || options.identity === "") {
      const rule = "the lease must be whole seconds and longer than the renew deadline, that longer than 1.2 retries";
      throw new KubernetesError("CONFIG", `leader election ${options.name}: ${rule}; and identity must not be empty`);
    }
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Who holds the Lease as far as we know. */
  get leader(): string | undefined {
    const holder = this.#seen?.lease.holder;
    return holder === "" ? undefined : holder;
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
    let leader = "";
    while (!signal.aborted) {
      try {
        if (await this.#tryOnce(signal, this.#renewDeadlineMs)) return true;
        if (this.leader !== undefined && this.leader !== leader) {
          leader = this.leader;
          this.#observe({ type: "follows", leader });
        }
      } catch (error) {
        if (signal.aborted) return false;
        this.#observe({ type: "failed", error });
      }
      try {
        await pause(this.#clock, this.#retryMs * (1 + random() * jitter), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    return false;
  }

  /** @returns why leadership is lost, or undefined when told to stop. */
  async #renewUntilLost(stop: AbortSignal): Promise<KubernetesError | undefined> {
    let renewedAt = this.#clock.now();
    let last: unknown;
    try {
      while (true) {
        const left = renewedAt + this.#renewDeadlineMs - this.#clock.now();
        if (left <= 0) {
          const message = `leader election ${this.#options.name}: not renewed within ${this.#renewDeadlineMs / 1_000} s`;
          return new KubernetesError("TIMEOUT", message, { cause: last });
        }
        await pause(this.#clock, Math.min(this.#retryMs, left), stop);
        const started = this.#clock.now();
        const timeoutMs = Math.min(this.#renewDeadlineMs / 2, renewedAt + this.#renewDeadlineMs - started);
        if (timeoutMs <= 0) continue;
        try {
          if (await this.#tryOnce(stop, timeoutMs)) renewedAt = started;
          else if (this.leader !== undefined && this.leader !== this.#options.identity) {
            return new KubernetesError(
              "CONFLICT",
              `leader election ${this.#options.name}: ${this.leader} took the Lease`,
            );
          }
        } catch (error) {
          if (stop.aborted) return undefined;
          last = error;
          this.#observe({ type: "failed", error });
        }
      }
    } catch (error) {
      if (stop.aborted) return undefined;
      throw error;
    }
  }

  /** One try to take or renew. @returns whether the Lease is ours. */
  async #tryOnce(signal: AbortSignal, timeoutMs: number): Promise<boolean> {
    const { client, identity } = this.#options;
    const call = { signal, timeoutMs, parse: parseLease };
    // Times count from before the request was sent: whoever reads our write sees it later than that.
    const at = this.#clock.now();
    try {
      if (this.#isLeader && this.#seen?.lease.holder === identity) {
        try {
          return this.#wrote(await client.update(this.#target, this.#claim(this.#seen.lease), call), at);
        } catch (error) {
          if (!isKubernetesError(error, "CONFLICT", "NOT_FOUND")) throw error;
        }
      }
      const lease = await client.get(this.#target, call);
      if (lease.fingerprint !== this.#seen?.lease.fingerprint) this.#seen = { lease, at: this.#clock.now() };
      else this.#seen = { lease, at: this.#seen.at };
      const held = lease.holder !== "" && lease.holder !== identity;
      if (held && this.#seen.at + lease.durationMs > this.#clock.now()) return false;
      return this.#wrote(await client.update(this.#target, this.#claim(lease), call), at);
    } catch (error) {
      if (isKubernetesError(error, "CONFLICT", "ALREADY_EXISTS")) return false;
      if (!isKubernetesError(error, "NOT_FOUND")) throw error;
    }
    try {
      const { namespace } = this.#options;
      return this.#wrote(await client.create({ resource: leases, namespace }, this.#claim(undefined), call), at);
    } catch (error) {
      if (isKubernetesError(error, "CONFLICT", "ALREADY_EXISTS")) return false;
      throw error;
    }
  }

  #wrote(lease: Lease, at: number): boolean {
    this.#seen = { lease, at };
    return lease.holder === this.#options.identity;
  }

  /** The Lease with our name in it. */
  #claim(current: Lease | undefined): object {
    const { identity, name, namespace } = this.#options;
    const now = microTime(this.#clock.wall());
    const kept = current?.holder === identity;
    const base = current?.object ?? { apiVersion: apiVersionOf(leases), kind: "Lease", metadata: { name, namespace } };
    return {
      ...base,
      spec: {
        ...(typeof current?.object["spec"] === "object" ? current.object["spec"] : {}),
        holderIdentity: identity,
        leaseDurationSeconds: this.#leaseMs / 1_000,
        acquireTime: kept ? (current.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: current === undefined ? 0 : current.transitions + (kept ? 0 : 1),
      },
    };
  }

  /** Gives the Lease back so that another need not wait for it to expire. Failing is no harm: it expires. */
  async #release(): Promise<void> {
    const { client, identity } = this.#options;
    // The outer signal has ended by now; these last calls have a limit of their own.
    const call = { signal: new AbortController().signal, timeoutMs: 3_000 };
    try {
      // Read anew: a renewal that was cut off may have been done all the same.
      const lease = await client.get(this.#target, { ...call, parse: parseLease });
      if (lease.holder !== identity) return;
      const now = microTime(this.#clock.wall());
      // client-go's release: no holder, and a duration of one second as zero is refused.
      const spec = { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      const body = { ...lease.object, spec: { ...spec, leaseTransitions: lease.transitions } };
      await client.update(this.#target, body, call);
      this.#seen = undefined;
      this.#observe({ type: "released" });
    } catch (error) {
      this.#observe({ type: "failed", error });
    }
  }

  #observe(event: LeaderElectionEvent): void {
    this.#options.observe?.(event);
  }
}
