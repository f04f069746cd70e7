import { BoundCheck, type BoundCheckOptions } from "../controller/pods/bound-check.ts";
import { Restorer } from "../controller/pods/restore.ts";
import { WaitingPods } from "../controller/pods/waiting-pods.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";

export interface PodWorkOptions extends Omit<BoundCheckOptions, "pods" | "clock"> {
  readonly client: KubernetesClient;
  readonly restoreAfterMs: number;
  readonly observe: (resource: string, event: ReflectorEvent) => void;
}

/** What the controller does about Pods on their way to a node. */
export interface PodWork {
  /** Works as the leader, until the signal aborts. */
  lead(signal: AbortSignal): Promise<void>;
  /** Ends following, which every replica does. */
  close(): Promise<void>;
}

/** Begins to follow the Pods that wait for a node. */
export function followPods({ restoreAfterMs, observe, ...options }: PodWorkOptions): PodWork {
  const { client, metrics, log } = options;
  const pods = new WaitingPods({ client, observe: (event) => observe("pods", event) });
  const restorer = new Restorer({ pods, client, afterMs: restoreAfterMs, metrics, log });
  const check = new BoundCheck({ ...options, pods });
  const ended = new AbortController();
  const following = pods.follow(ended.signal);
  return {
    async lead(signal) {
      await Promise.all([restorer.run(signal), check.run(signal)]);
    },
    async close() {
      ended.abort(new Error("the controller ends"));
      await following;
    },
  };
}
