import type { Pod } from "../../api/pod.ts";
import { UnscheduledPods, type UnscheduledPodsOptions } from "../../inventory/pods.ts";
import type { Change } from "../../kubernetes/reflector/options.ts";

/** The Pods that wait for a node: one watch for everybody who acts on them. */
export class WaitingPods {
  readonly #pods: UnscheduledPods;
  readonly #listeners: ((change: Change<Pod>) => void)[] = [];

  constructor(options: Pick<UnscheduledPodsOptions, "client" | "observe">) {
    this.#pods = new UnscheduledPods({
      ...options,
      onChange: (change) => {
        for (const listener of this.#listeners) listener(change);
      },
    });
  }

  /** By `namespace/name`. */
  get store(): ReadonlyMap<string, Pod> {
    return this.#pods.store;
  }

  /** To be called before they are followed. */
  onChange(listener: (change: Change<Pod>) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Follows until the signal ends it. A leader that comes second must know what Pods had before, so every replica
   * follows them. To be called once.
   */
  follow(signal: AbortSignal): Promise<void> {
    return this.#pods.run(signal);
  }
}
