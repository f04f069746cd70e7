import { findClusterAccess } from "../../kubernetes/access/find.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { CommandContext } from "../../process/context.ts";
import { version } from "../../process/version.ts";
import type { MachineOptions } from "./machine-options.ts";

/** Works with a client for the cluster that the flags mean, and closes it. @throws KubernetesError where none is found */
export async function withCluster<T>(
  { kubeconfig, context: name }: Pick<MachineOptions, "kubeconfig" | "context">,
  { env }: CommandContext,
  work: (client: KubernetesClient) => Promise<T>,
): Promise<T> {
  const access = await findClusterAccess({ kubeconfig, context: name, environment: env });
  const client = new KubernetesClient({ access, userAgent: `metahub/${version}`, environment: env });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
