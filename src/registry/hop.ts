import type { HopClock } from "./clock.ts";
import { RegistryError } from "./error.ts";
import { aborted } from "./flight.ts";
import type { Attempt, Failure } from "./health.ts";
import { networkError, neverConnected } from "./network.ts";
import type { Place } from "./places.ts";

/**
 * Milliseconds. An attempt that itself ran this long without an answer saw something that hangs, and counts; one that its
 * caller ended sooner does not, or whoever has little time could close a registry that is merely slow.
 */
const slowMs = 2_000;

/**
 * One exchange with one host, from the moment it has its place to the end of the body: its time limit, its place, and
 * what it says about the host's health. However it ends, all three end with it, once.
 */
export class Hop {
  /** The request in messages. */
  readonly name: string;
  readonly #clock: HopClock;
  readonly #place: Place;
  readonly #attempt: Attempt;
  readonly #began = performance.now();
  #answered = false;
  #ended = false;

  constructor(name: string, parts: { readonly clock: HopClock; readonly place: Place; readonly attempt: Attempt }) {
    this.name = name;
    this.#clock = parts.clock;
    this.#place = parts.place;
    this.#attempt = parts.attempt;
  }

  /** Aborts where the caller gives up, the client is closed, or the time limit is over. */
  get signal(): AbortSignal {
    return this.#clock.signal;
  }

  /** The time limit from now on, in place of the one before it. */
  limit(ms: number, error: () => RegistryError): void {
    if (!this.#ended) this.#clock.limit(ms, error);
  }

  /** The body of a long answer begins: the host may be asked by others meanwhile, and giving up is not its fault. */
  answered(): void {
    this.#answered = true;
    this.#attempt.answered();
    this.#place.answered();
  }

  end(verdict: "succeeded" | "failed" | "unclear", failure: Failure = "answer"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clock.stop();
    this.#place.leave();
    this.#attempt[verdict](failure);
  }

  /** Ends with a failure, and returns it as the error to throw. `excused`: it is not the host that is to blame. */
  fail(error: unknown, excused = false): RegistryError {
    const failure = this.signal.aborted ? this.#givenUp() : networkError(error, this.name);
    const verdict = !excused && this.#blames(failure) ? "failed" : "unclear";
    this.end(verdict, neverConnected(error) ? "connection" : "answer");
    return failure;
  }

  #givenUp(): RegistryError {
    const { reason } = this.signal;
    if (!this.#answered || reason instanceof RegistryError) return aborted(this.signal);
    return new RegistryError("ABORTED", `${this.name}: the caller gave up before the end`, { cause: reason });
  }

  #blames({ code }: RegistryError): boolean {
    if (code === "ABORTED") return !this.#answered && performance.now() - this.#began >= slowMs;
    return code === "UNREACHABLE" || code === "TIMEOUT" || code === "TLS";
  }
}

/** The error for a host that is too slow. `text` begins with the request's name. */
export function timeout(text: string): RegistryError {
  return new RegistryError("TIMEOUT", `${text}; is the registry up, and reachable from here?`);
}
