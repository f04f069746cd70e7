import { isIPv6 } from "node:net";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../time/clock.ts";
import { Refused } from "../http/problems.ts";

/** How long a failure counts, ms. */
const windowMs = 5 * 60_000;
/** From one address: a person who mistypes, or a scanner. An office behind one address shares them. */
const mostOfAddress = 20;
/** For one user name, from wherever: few enough for guesses, and a stranger needs three addresses to keep somebody out. */
const mostOfUser = 50;
/** Addresses and names that are remembered; the one that failed longest ago is forgotten first. */
const mostKeys = 16_384;

interface Failures {
  count: number;
  readonly since: number;
}

/** Failed sign-ins by address and by user name. Each counts for five minutes; too many, and no more are tried. */
export class FailedSignIns {
  readonly #clock: Clock;
  readonly #failures = new LRUCache<string, Failures>({ max: mostKeys });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one try, before it is made: tries at the same time count too. @throws Refused 429 with Retry-After */
  enter(address: string, user: string | undefined): void {
    const keys = keysOf(address, user);
    for (const [key, most] of keys) {
      const known = this.#current(key);
      if (known === undefined || known.count < most) continue;
      const seconds = Math.ceil((known.since + windowMs - this.#clock.now()) / 1_000);
      const detail = `Too many sign-ins have failed. Try again in ${Math.ceil(seconds / 60)} minutes.`;
      throw new Refused({ status: 429, title: "Too many tries", detail }, { "retry-after": String(seconds) });
    }
    for (const [key] of keys) this.#add(key, 1);
  }

  /** Takes a try back that succeeded, or that said nothing of whoever tried. */
  succeeded(address: string, user: string | undefined): void {
    for (const [key] of keysOf(address, user)) this.#add(key, -1);
  }

  #current(key: string): Failures | undefined {
    const known = this.#failures.get(key);
    return known !== undefined && this.#clock.now() - known.since < windowMs ? known : undefined;
  }

  #add(key: string, count: 1 | -1): void {
    const known = this.#current(key);
    if (known !== undefined) known.count = Math.max(0, known.count + count);
    else if (count > 0) this.#failures.set(key, { count, since: this.#clock.now() });
  }
}

function keysOf(address: string, user: string | undefined): readonly (readonly [string, number])[] {
  const ofAddress = [`address ${networkOf(address)}`, mostOfAddress] as const;
  return user === undefined ? [ofAddress] : [ofAddress, [`user ${user.slice(0, 256)}`, mostOfUser]];
}

/** An IPv6 host has a /64 of its own to call from. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, "").replace(/%.*$/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array.from({ length: zeros }, () => "0"), ...last].slice(0, 4).join(":");
}
