import type { Clock } from "../../time/clock.ts";
import type { KubernetesClient } from "../client/client.ts";
import { isKubernetesError } from "../error.ts";
import { apiVersionOf, type ObjectTarget } from "../resource.ts";
import { type Lease, leases, microTime, parseLease } from "./lease.ts";

export interface LeaseLockOptions {
  readonly client: Pick<KubernetesClient, "get" | "create" | "update">;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** How long others leave an unrenewed Lease alone, ms. */
  readonly leaseMs: number;
  readonly clock: Clock;
}

interface LeaseCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly parse: typeof parseLease;
}

/** Bound of each call that gives the Lease back, ms: whoever stops does not wait long for a server that is away. */
const releaseMs = 3_000;

/** One Lease as a lock: taken, renewed and given back by optimistic writes. */
export class LeaseLock {
  readonly #options: LeaseLockOptions;
  readonly #target: ObjectTarget;
  #seen: { readonly lease: Lease; readonly at: number } | undefined;

  constructor(options: LeaseLockOptions) {
    this.#options = options;
    this.#target = { resource: leases, namespace: options.namespace, name: options.name };
  }

  /** Who holds the Lease as far as we know. */
  get holder(): string | undefined {
    const holder = this.#seen?.lease.holder;
    return holder === "" ? undefined : holder;
  }

  /**
   * One try to take or renew it.
   * @param renews whether we lead: the Lease is then written as it was seen last, without reading it
   * @returns whether the Lease is ours
   */
  async tryOnce(signal: AbortSignal, timeoutMs: number, renews: boolean): Promise<boolean> {
    const call = { signal, timeoutMs, parse: parseLease };
    // Times count from before the request was sent: whoever reads our write sees it later than that.
    const at = this.#options.clock.now();
    try {
      return (renews ? await this.#renew(call, at) : undefined) ?? (await this.#takeOver(call, at));
    } catch (error) {
      if (isKubernetesError(error, "CONFLICT", "ALREADY_EXISTS")) return false;
      if (!isKubernetesError(error, "NOT_FOUND")) throw error;
    }
    return this.#create(call, at);
  }

  /** Gives the Lease back where it is ours. @returns whether it was; KubernetesErrors are the caller's */
  async release(): Promise<boolean> {
    const { client, identity, clock } = this.#options;
    // The outer signal has ended by now; these last calls have a limit of their own.
    const call = { signal: new AbortController().signal, timeoutMs: releaseMs };
    // Read anew: a renewal that was cut off may have been done all the same.
    const lease = await client.get(this.#target, { ...call, parse: parseLease });
    if (lease.holder !== identity) return false;
    const now = microTime(clock.wall());
    // client-go's release: no holder, and a duration of one second as zero is refused.
    const spec = { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    const body = { ...lease.object, spec: { ...spec, leaseTransitions: lease.transitions } };
    await client.update(this.#target, body, call);
    this.#seen = undefined;
    return true;
  }

  /** @returns undefined where it must be read first: it is not ours as we saw it, or somebody wrote it since */
  async #renew(call: LeaseCall, at: number): Promise<boolean | undefined> {
    const { client, identity } = this.#options;
    const lease = this.#seen?.lease;
    if (lease?.holder !== identity) return undefined;
    try {
      return this.#wrote(await client.update(this.#target, this.#claim(lease), call), at);
    } catch (error) {
      if (!isKubernetesError(error, "CONFLICT", "NOT_FOUND")) throw error;
      return undefined;
    }
  }

  /** Reads it, and takes it unless another holds it that has not expired. */
  async #takeOver(call: LeaseCall, at: number): Promise<boolean> {
    const { client, identity, clock } = this.#options;
    const lease = await client.get(this.#target, call);
    const since = lease.fingerprint === this.#seen?.lease.fingerprint ? this.#seen.at : clock.now();
    this.#seen = { lease, at: since };
    const held = lease.holder !== "" && lease.holder !== identity;
    if (held && since + lease.durationMs > clock.now()) return false;
    return this.#wrote(await client.update(this.#target, this.#claim(lease), call), at);
  }

  async #create(call: LeaseCall, at: number): Promise<boolean> {
    const { client, namespace } = this.#options;
    try {
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
    const { identity, name, namespace, leaseMs, clock } = this.#options;
    const now = microTime(clock.wall());
    const kept = current?.holder === identity;
    const base = current?.object ?? { apiVersion: apiVersionOf(leases), kind: "Lease", metadata: { name, namespace } };
    return {
      ...base,
      spec: {
        ...(typeof current?.object["spec"] === "object" ? current.object["spec"] : {}),
        holderIdentity: identity,
        leaseDurationSeconds: leaseMs / 1_000,
        acquireTime: kept ? (current.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: current === undefined ? 0 : current.transitions + (kept ? 0 : 1),
      },
    };
  }
}
