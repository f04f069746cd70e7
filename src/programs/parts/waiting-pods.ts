import { BoundCheck, type BoundCheckOptions } from "../../controller/pods/bound-check.ts";
import { Restorer } from "../../controller/pods/restore.ts";
import { WaitingPods } from "../../controller/pods/waiting-pods.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

export interface PodWorkOptions extends Omit<BoundCheckOptions, "pods" | "clock"> {
  readonly client: KubernetesClient;
  readonly restoreAfterMs: number;
  readonly observe: WatchObserver;
}

/** The controller's work on Pods that are on their way to a node. */
export interface PodWork {
  /** Works as the leader, until the signal aborts. */
  lead(signal: AbortSignal): Promise<void>;
}

/** Follows the Pods that wait for a node until the process ends, which every replica does. */
export function followPods(life: Lifecycle, { restoreAfterMs, observe, ...options }: PodWorkOptions): PodWork {
  const { client, metrics, log } = options;
  const pods = new WaitingPods({ client, observe: (event) => observe("pods", event) });
  const restorer = new Restorer({ pods, client, afterMs: restoreAfterMs, metrics, log });
  const check = new BoundCheck({ ...options, pods });
  life.run("following the Pods that wait for a node", (signal) => pods.follow(signal));
  return {
    async lead(signal) {
      await Promise.all([restorer.run(signal), check.run(signal)]);
    },
  };
}
