import { access as reachable } from "node:fs/promises";
import { join } from "node:path";
import { KubernetesError } from "../error.ts";
import type { ClusterAccess } from "./access.ts";
import { type InClusterEnvironment, inClusterAccess, inClusterAddress, runsInCluster } from "./in-cluster.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

export interface FindAccessOptions {
  /** The `--kubeconfig` flag. */
  readonly kubeconfig?: string | undefined;
  /** The `--context` flag; only kubeconfigs have contexts. */
  readonly context?: string | undefined;
  readonly environment: InClusterEnvironment & {
    readonly KUBECONFIG?: string | undefined;
    readonly HOME?: string | undefined;
  };
}

/**
 * The cluster that is meant: the flag, else `$KUBECONFIG`, else the Pod's service account, else `~/.kube/config`:
 * the order of controller-runtime's `config.GetConfig`, so that a Pod with a home folder still uses its account.
 * @throws KubernetesError CONFIG
 */
export function findClusterAccess(options: FindAccessOptions): Promise<ClusterAccess> {
  return find(options, inClusterAccess);
}

/**
 * The same cluster with nobody's credentials: its address, its authority and how it is reached. Whoever asks brings
 * their own. @throws KubernetesError CONFIG
 */
export async function findClusterAddress(options: FindAccessOptions): Promise<ClusterAccess> {
  return { ...(await find(options, inClusterAddress)), user: {} };
}

async function find(
  options: FindAccessOptions,
  inCluster: (environment: InClusterEnvironment) => ClusterAccess | Promise<ClusterAccess>,
): Promise<ClusterAccess> {
  const { kubeconfig, context, environment } = options;
  const explicit = kubeconfig ?? (environment.KUBECONFIG === "" ? undefined : environment.KUBECONFIG);
  if (explicit !== undefined) return loadKubeconfig({ path: explicit, context });
  if (context === undefined && runsInCluster(environment)) return inCluster(environment);
  const home = environment.HOME === undefined ? undefined : join(environment.HOME, ".kube", "config");
  if (home !== undefined && (await exists(home))) return loadKubeconfig({ path: home, context });
  throw new KubernetesError(
    "CONFIG",
    `no cluster is configured: not in a Pod, KUBECONFIG is not set${home === undefined ? "" : ` and ${home} is absent`}; give --kubeconfig`,
  );
}

async function exists(path: string): Promise<boolean> {
  return reachable(path).then(
    () => true,
    (error: unknown) => !(error instanceof Error && "code" in error && error.code === "ENOENT"),
  );
}
