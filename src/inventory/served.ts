import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError, type KubernetesError } from "../kubernetes/error.ts";
import { Backoff } from "../time/backoff.ts";
import { pause, systemClock } from "../time/clock.ts";

const bounds = { minMs: 50, baseMs: 250, maxMs: 15_000 };

interface Asking {
  readonly signal: AbortSignal;
  /** Told of each answer that says neither yes nor no; it is asked again after `retryInMs`. */
  readonly failed: (error: KubernetesError, retryInMs: number) => void;
}

/**
 * Whether the API server serves a group and version, e.g. `resource.k8s.io/v1`. One that this account may not ask about
 * counts as absent: nothing in it could be read either.
 *
 * @throws KubernetesError ABORTED when the signal ends it first
 */
export async function isServed(
  client: Pick<KubernetesClient, "raw">,
  groupVersion: string,
  { signal, failed }: Asking,
): Promise<boolean> {
  const backoff = new Backoff(bounds, Math.random);
  for (;;) {
    try {
      await client.raw(`/apis/${groupVersion}`, { signal });
      return true;
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND", "FORBIDDEN")) return false;
      if (signal.aborted || !isKubernetesError(error)) throw error;
      const retryInMs = backoff.next();
      failed(error, retryInMs);
      await pause(systemClock, retryInMs, signal);
    }
  }
}
