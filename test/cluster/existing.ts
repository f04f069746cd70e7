import { createApiClient } from "./api-client.ts";
import type { Level } from "./cluster.ts";
import type { ClusterDescription } from "./description.ts";
import { ClusterError } from "./error.ts";

const answerMs = 5_000;

/**
 * A cluster that is there and may be used. `hostAddress` is where its API server reaches this machine, if anybody knows.
 *
 * @throws ClusterError `START` when it does not answer.
 */
export async function describeExisting(
  kubeconfig: string,
  level: Level,
  hostAddress: string | undefined,
  signal: AbortSignal,
): Promise<ClusterDescription> {
  const api = await createApiClient(kubeconfig);
  try {
    const { status } = await api.request("GET", "/readyz", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    });
    if (status !== 200) throw new Error(`/readyz answered ${status}`);
    const host = hostAddress === undefined ? {} : { hostAddress };
    return { provider: "existing", level, kubeconfig, server: api.server, ...host, nodes: [] };
  } catch (error) {
    signal.throwIfAborted();
    throw new ClusterError("START", `the cluster of ${kubeconfig} (METAHUB_TEST_KUBECONFIG) does not answer`, {
      cause: error,
    });
  } finally {
    api.close();
  }
}
