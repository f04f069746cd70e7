import type { ApiClient } from "./api-client.ts";
import { renewLease } from "./node-object.ts";

/** Keeps node objects alive where a controller takes silent nodes for dead. */
export interface Heartbeat {
  /** Renews this node's lease now and from now on. */
  add(name: string, signal: AbortSignal): Promise<void>;
  /** Ends renewing. */
  cancel(): void;
  /** Ends renewing and deletes the nodes. */
  close(signal: AbortSignal): Promise<void>;
}

/** A kubelet's own interval (nodeLeaseDurationSeconds 40, renewed at a quarter). */
const renewalMs = 10_000;

export function createHeartbeat(api: ApiClient): Heartbeat {
  const names = new Set<string>();
  const closed = new AbortController();
  let failed: unknown;
  const renewAll = async (): Promise<void> => {
    for (const name of names) await renewLease(api, name, closed.signal);
  };
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // A failure ends nothing by itself (the API server may be restarted by a test); the last one is told at the end.
    running = running.then(renewAll).catch((error: unknown) => {
      if (!closed.signal.aborted) failed = error;
    });
  }, renewalMs);
  timer.unref();
  const cancel = (): void => {
    clearInterval(timer);
    closed.abort();
  };
  return {
    async add(name, signal) {
      await renewLease(api, name, signal);
      names.add(name);
    },
    cancel,
    async close(signal) {
      cancel();
      await running;
      for (const name of names) {
        const { status } = await api.request("DELETE", `/api/v1/nodes/${name}`, { signal });
        if (status >= 400 && status !== 404)
          throw new Error(`deleting node ${name} answered ${status}`, { cause: failed });
      }
    },
  };
}
