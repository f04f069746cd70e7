import { findClusterAccess } from "../../kubernetes/access/find.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import { version } from "../../process/version.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ProgramContext } from "./program.ts";

/**
 * A client, until the process ends, for the cluster that is meant: the flag, $KUBECONFIG, the Pod's service account, or
 * ~/.kube/config. @throws KubernetesError where none is found
 */
export function openClient(
  life: Lifecycle,
  kubeconfig: string | undefined,
  environment: ProgramContext["env"],
): Promise<KubernetesClient> {
  return life.start(
    "the API server's client",
    async () => {
      const access = await findClusterAccess({ kubeconfig, environment });
      return new KubernetesClient({ access, userAgent: `metahub/${version}`, environment });
    },
    (client) => client.close(),
  );
}

/** A client is opened wherever a Secret or a cluster is meant. */
export function mustHave(client: KubernetesClient | undefined): KubernetesClient {
  if (client === undefined) throw new TypeError("no client was opened");
  return client;
}
