import type { Pod } from "../api/pod.ts";
import { type Clock, pause } from "../time/clock.ts";
import { PodHeldError } from "./error.ts";
import type { BindingPods } from "./pods.ts";
import type { BindingRequest } from "./request.ts";

/** Between two looks at a Pod that another binding holds, in milliseconds. */
export const firstLookMs = 50;
export const lastLookMs = 500;
/** Bindings that wait for another one of their Pod. A few at most, unless somebody makes them. */
const maxWaiting = 16;

/** All bindings that wait for another one of their Pod. */
export class Waiting {
  readonly #pods: Pick<BindingPods, "read">;
  readonly #clock: Clock;
  #count = 0;

  constructor(pods: Pick<BindingPods, "read">, clock: Clock) {
    this.#pods = pods;
    this.#clock = clock;
  }

  /**
   * The Pod, a little later. Each that waits keeps a seat at the API server, so a crowd is not let to wait.
   *
   * @throws PodHeldError where many wait already, and where the time ends or the Pod cannot be read.
   */
  async lookAgain({ namespace, pod }: BindingRequest, ms: number, signal: AbortSignal): Promise<Pod | undefined> {
    if (this.#count >= maxWaiting) {
      throw new PodHeldError("another binding of the Pod is under way, and many wait already");
    }
    this.#count++;
    try {
      await pause(this.#clock, Math.min(ms, lastLookMs), signal);
      return await this.#pods.read(namespace, pod, signal);
    } catch (cause) {
      throw new PodHeldError("another binding of the Pod is under way", { cause });
    } finally {
      this.#count--;
    }
  }
}
