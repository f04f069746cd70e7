import { findClusterAccess } from "../../kubernetes/access/find.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { CommandContext } from "../../process/context.ts";
import { version } from "../../process/version.ts";

/** A client for the cluster that is meant: the flag, $KUBECONFIG, the Pod's service account, or ~/.kube/config. */
export async function connect(kubeconfig: string | undefined, context: CommandContext): Promise<KubernetesClient> {
  const access = await findClusterAccess({ kubeconfig, environment: context.env });
  return new KubernetesClient({ access, userAgent: `metahub/${version}`, environment: context.env });
}
