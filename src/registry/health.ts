import { Breaker, type BreakerLimits } from "./breaker.ts";
import { byteCache } from "./byte-cache.ts";
import { RegistryError } from "./error.ts";
import { type Witness, Witnesses } from "./witnesses.ts";

export interface HealthLimits extends BreakerLimits {
  /** Longest that a `Retry-After` is believed: a wrong header must not switch a registry off for hours. */
  readonly maxThrottleMs: number;
}

/** A request as health sees it: what is asked, and for whom. */
export interface Subject extends Witness {
  /** An origin. */
  readonly host: string;
  /** Blobs commonly come from another storage than manifests: one may be well while the other is not. */
  readonly service: Service;
}

export type Service = "manifests" | "blobs";

/** The connection was never made: no name, no route, no listener, no trust. Or it was, and no good answer came. */
export type Failure = "connection" | "answer";

interface Origin {
  readonly connecting: Breaker;
  readonly witnesses: Witnesses;
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
  failed(failure: Failure): void;
  /** Says nothing about the host: the caller gave up early, or was told to slow down. */
  unclear(): void;
}

/** Bytes for each of the three kinds of record. One that is evicted is simply believed to be well. */
const maxBytes = 1024 * 1024;
/** Bytes of an origin's breaker and witnesses. */
const originBytes = 1024;

/**
 * Which hosts are worth asking. One that failed several times in a row is failed fast for a short time, then tried with
 * one request (half-open): a dead registry costs an admission nothing, and a revived one is found without a restart.
 *
 * Failures to answer are counted for each repository, account and service, since a tenant may have a repository that answers 500
 * on a registry that is well. The host itself is left alone where it cannot be connected to, or where several tenants,
 * repositories and accounts saw it fail. A repository that said 429 is left alone by that account for as long as it
 * asked: one tenant's hunger must not starve the others.
 */
export class Health {
  readonly #limits: HealthLimits;
  readonly #now: () => number;
  readonly #origins = byteCache<Origin>(maxBytes, () => originBytes);
  readonly #repositories = byteCache<Breaker>(maxBytes);
  readonly #throttles = byteCache<Throttle>(maxBytes);

  constructor(limits: HealthLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** `name` begins the message. @throws RegistryError CIRCUIT_OPEN, RATE_LIMITED where it is to be left alone */
  check(subject: Subject, name: string): void {
    const now = this.#now();
    const throttle = this.#throttles.get(accountOf(subject));
    if (throttle !== undefined && throttle.until > now) {
      const ms = throttle.until - now;
      const text = `${name}: the registry asked us to slow down; not asked for ${seconds(ms)} s more`;
      throw new RegistryError("RATE_LIMITED", text, { retryAfterMs: ms });
    }
    refuse(this.#origins.get(serviceOf(subject))?.connecting, now, `${name}: the host`);
    refuse(this.#repositories.get(repositoryOf(subject)), now, `${name}: the repository`);
  }

  /** Checks, and begins one request. */
  begin(subject: Subject, name: string): Attempt {
    this.check(subject, name);
    const origin = this.#origins.get(serviceOf(subject));
    const breakers = [origin?.connecting, this.#repositories.get(repositoryOf(subject))];
    const probed = breakers.filter((breaker) => breaker?.begin() === true);
    const probesOrigin = origin !== undefined && probed.includes(origin.connecting);
    return {
      answered: () => {
        for (const breaker of probed) breaker?.answered();
      },
      succeeded: () => {
        this.#origins.delete(serviceOf(subject));
        this.#repositories.delete(repositoryOf(subject));
      },
      failed: (failure) => {
        if (failure === "connection") {
          for (const breaker of probed) breaker?.release();
          this.#origin(subject).connecting.fail(this.#now());
        } else this.#failToAnswer(subject, probesOrigin);
      },
      unclear: () => {
        for (const breaker of probed) breaker?.release();
      },
    };
  }

  /** Records a 429. `retryAfterMs` is what the answer asked for; without it the pause doubles from one second. */
  throttle(subject: Subject, retryAfterMs: number | undefined): number {
    const key = accountOf(subject);
    const before = this.#throttles.get(key);
    const ms = Math.min(retryAfterMs ?? Math.min((before?.ms ?? 500) * 2, 60_000), this.#limits.maxThrottleMs);
    this.#throttles.set(key, { until: this.#now() + ms, ms: Math.max(ms, 500) });
    return ms;
  }

  /** An answer that was not 429 ends the doubling. */
  unthrottle(subject: Subject): void {
    this.#throttles.delete(accountOf(subject));
  }

  #failToAnswer(subject: Subject, probedOrigin: boolean): void {
    const now = this.#now();
    const key = repositoryOf(subject);
    const repository = this.#repositories.get(key) ?? new Breaker(this.#limits);
    repository.fail(now);
    this.#repositories.set(key, repository);
    // One repository, perhaps always the same, must not keep the host closed that others could use again.
    if (probedOrigin) {
      this.#origins.delete(serviceOf(subject));
      return;
    }
    const { connecting, witnesses } = this.#origin(subject);
    witnesses.add(subject);
    if (!witnesses.agree(this.#limits.failures)) return;
    witnesses.clear();
    connecting.trip(now);
  }

  #origin(subject: Subject): Origin {
    const known = this.#origins.get(serviceOf(subject));
    if (known !== undefined) return known;
    const made = { connecting: new Breaker(this.#limits), witnesses: new Witnesses() };
    this.#origins.set(serviceOf(subject), made);
    return made;
  }
}

function serviceOf({ host, service }: Subject): string {
  return `${host} ${service}`;
}

/** No space is in any of the four. */
function repositoryOf(subject: Subject): string {
  return `${serviceOf(subject)} ${subject.repository} ${subject.account}`;
}

/** Who asks for less asks for less of everything. */
function accountOf({ host, repository, account }: Subject): string {
  return `${host} ${repository} ${account}`;
}

/** @throws RegistryError CIRCUIT_OPEN */
function refuse(breaker: Breaker | undefined, now: number, what: string): void {
  const ms = breaker?.closedFor(now);
  if (breaker === undefined || ms === undefined) return;
  const text = `${what} failed ${breaker.failures} times in a row; not asked for ${seconds(ms)} s more`;
  throw new RegistryError("CIRCUIT_OPEN", text, { retryAfterMs: ms });
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
