import { LRUCache } from "lru-cache";
import { RegistryError } from "./error.ts";

export interface HealthLimits {
  /** Failures in a row after which a host is no longer asked. */
  readonly failures: number;
  /** How long it is left alone the first time; doubles up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Longest that a `Retry-After` is believed: a wrong header must not switch a registry off for hours. */
  readonly maxThrottleMs: number;
}

interface Breaker {
  failures: number;
  openMs: number;
  openUntil: number;
  probing: boolean;
}

interface Throttle {
  until: number;
  ms: number;
}

/** How one request ended, as far as the host's health goes. Exactly one of `succeeded`, `failed`, `unclear` is called. */
export interface Attempt {
  /**
   * The answer has begun and may take minutes, so that others need not wait for how it ends. A host that was left alone
   * may be asked again; one more failure, and it is left alone again.
   */
  answered(): void;
  succeeded(): void;
  failed(): void;
  /** Says nothing about the host: the caller gave up early, or was told to slow down. */
  unclear(): void;
}

/** Hosts, and host and account pairs, that are remembered. An evicted one is simply believed to be well. */
const maxRemembered = 2048;

/**
 * Which hosts are worth asking. A host that failed several times in a row is failed fast for a short time, then tried
 * with one request (half-open): a dead registry costs an admission nothing, and a revived one is found without a
 * restart. A host that said 429 is left alone by that account for as long as it asked, because limits are counted per
 * account: one tenant's hunger must not starve the others.
 */
export class Health {
  readonly #limits: HealthLimits;
  readonly #now: () => number;
  readonly #breakers = new LRUCache<string, Breaker>({ max: maxRemembered });
  readonly #throttles = new LRUCache<string, Throttle>({ max: maxRemembered });

  constructor(limits: HealthLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** `name` begins the message. @throws RegistryError CIRCUIT_OPEN, RATE_LIMITED where the host is to be left alone */
  check(host: string, account: string, name: string): void {
    const now = this.#now();
    const throttle = this.#throttles.get(`${host} ${account}`);
    if (throttle !== undefined && throttle.until > now) {
      const ms = throttle.until - now;
      throw new RegistryError(
        "RATE_LIMITED",
        `${name}: the registry asked us to slow down; not asked for ${seconds(ms)} s more`,
        {
          retryAfterMs: ms,
        },
      );
    }
    const breaker = this.#breakers.get(host);
    if (breaker === undefined || breaker.failures < this.#limits.failures) return;
    if (breaker.openUntil > now || breaker.probing) {
      const ms = Math.max(breaker.openUntil - now, 0);
      const text = `${name}: the host failed ${breaker.failures} times in a row; not asked for ${seconds(ms)} s more`;
      throw new RegistryError("CIRCUIT_OPEN", text, { retryAfterMs: ms });
    }
  }

  /** Checks, and begins one request. */
  begin(host: string, account: string, name: string): Attempt {
    this.check(host, account, name);
    const known = this.#breakers.get(host);
    const probe = known !== undefined && known.failures >= this.#limits.failures;
    if (probe) known.probing = true;
    return {
      answered: () => {
        if (!probe) return;
        known.probing = false;
        known.failures = this.#limits.failures - 1;
      },
      succeeded: () => this.#breakers.delete(host),
      failed: () => this.#fail(host),
      unclear: () => {
        if (probe) known.probing = false;
      },
    };
  }

  /** Records a 429. `retryAfterMs` is what the answer asked for; without it the pause doubles from one second. */
  throttle(host: string, account: string, retryAfterMs: number | undefined): number {
    const key = `${host} ${account}`;
    const before = this.#throttles.get(key);
    const ms = Math.min(retryAfterMs ?? Math.min((before?.ms ?? 500) * 2, 60_000), this.#limits.maxThrottleMs);
    this.#throttles.set(key, { until: this.#now() + ms, ms: Math.max(ms, 500) });
    return ms;
  }

  /** An answer that was not 429 ends the doubling. */
  unthrottle(host: string, account: string): void {
    this.#throttles.delete(`${host} ${account}`);
  }

  #fail(host: string): void {
    const { failures, openMs, maxOpenMs } = this.#limits;
    const breaker = this.#breakers.get(host) ?? { failures: 0, openMs: 0, openUntil: 0, probing: false };
    breaker.failures += 1;
    breaker.probing = false;
    if (breaker.failures >= failures && breaker.openUntil <= this.#now()) {
      breaker.openMs = breaker.openMs === 0 ? openMs : Math.min(breaker.openMs * 2, maxOpenMs);
      breaker.openUntil = this.#now() + breaker.openMs;
    }
    this.#breakers.set(host, breaker);
  }
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
