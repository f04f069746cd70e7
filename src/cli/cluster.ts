import { KubernetesClient } from "../kubernetes/client.ts";
import { findClusterAccess } from "../kubernetes/findaccess.ts";
import type { CommandContext } from "./context.ts";
import { version } from "./version.ts";

/** A client for the cluster that is meant: the flag, $KUBECONFIG, the Pod's service account, or ~/.kube/config. */
export async function connect(kubeconfig: string | undefined, context: CommandContext): Promise<KubernetesClient> {
  const access = await findClusterAccess({ kubeconfig, environment: context.env });
  return new KubernetesClient({ access, userAgent: `metahub/${version}`, environment: context.env });
}
