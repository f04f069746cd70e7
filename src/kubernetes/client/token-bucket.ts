import { type Clock, pause } from "../../time/clock.ts";

export interface RateLimit {
  /** Tokens per second. */
  readonly perSecond: number;
  /** How many may be taken at once after a quiet time. */
  readonly burst: number;
}

/** A token bucket: `burst` at once, `perSecond` on average. Waiters are served in order. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  #tokens: number;
  #at: number;

  constructor(limit: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#at = clock.now();
  }

  /** Takes one if there is one. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes one now, on credit if need be. @returns how many ms to wait before using it. */
  reserve(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#limit.perSecond) * 1_000;
  }

  /** Waits for one. @throws TimeError ABORTED; the token then goes back. */
  async take(signal: AbortSignal): Promise<void> {
    const wait = this.reserve();
    if (wait === 0) return;
    try {
      await pause(this.#clock, wait, signal);
    } catch (error) {
      this.#tokens = Math.min(this.#limit.burst, this.#tokens + 1);
      throw error;
    }
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + ((now - this.#at) / 1_000) * this.#limit.perSecond);
    this.#at = now;
  }
}
