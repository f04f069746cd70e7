import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { errorText, KubernetesError } from "../error.ts";
import type { ClusterAccess } from "./access.ts";

/** Where the kubelet mounts a Pod's service account (admission plugin ServiceAccount). */
const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The two variables that the kubelet sets in every container. */
export interface InClusterEnvironment {
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

export function runsInCluster(environment: InClusterEnvironment): boolean {
  return environment.KUBERNETES_SERVICE_HOST !== undefined && environment.KUBERNETES_SERVICE_PORT !== undefined;
}

/**
 * The access of a Pod's service account. Token and CA stay files: the kubelet replaces the token before it expires.
 * @throws KubernetesError CONFIG outside a Pod, or where the account is not mounted.
 */
export async function inClusterAccess(
  environment: InClusterEnvironment,
  directory: string = serviceAccountDirectory,
): Promise<ClusterAccess> {
  const server = serverOf(environment);
  const tokenFile = join(directory, "token");
  try {
    await readFile(tokenFile);
  } catch (cause) {
    const problem = `the service account's token ${tokenFile} cannot be read (${errorText(cause)})`;
    throw new KubernetesError("CONFIG", `${problem}; is automountServiceAccountToken off?`, { cause });
  }
  return {
    ...addressOf(server, directory),
    namespace: await ownNamespace(join(directory, "namespace")),
    user: { tokenFile },
    origin: "service account of this Pod",
  };
}

/**
 * The API server of a Pod's cluster with its authority, and nobody's credentials: for a Pod whose account has no token
 * mounted. @throws KubernetesError CONFIG outside a Pod
 */
export function inClusterAddress(
  environment: InClusterEnvironment,
  directory: string = serviceAccountDirectory,
): ClusterAccess {
  return { ...addressOf(serverOf(environment), directory), user: {}, origin: "environment of this Pod" };
}

function serverOf({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }: InClusterEnvironment): string {
  if (host === undefined || port === undefined) {
    throw new KubernetesError(
      "CONFIG",
      "not in a cluster (KUBERNETES_SERVICE_HOST is not set); give a kubeconfig with --kubeconfig or KUBECONFIG",
    );
  }
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function addressOf(server: string, directory: string) {
  return { server, ca: { file: join(directory, "ca.crt") }, insecureSkipTlsVerify: false };
}

async function ownNamespace(file: string): Promise<string | undefined> {
  try {
    const name = (await readFile(file, "utf8")).trim();
    return name === "" ? undefined : name;
  } catch (error) {
    // A projected volume may leave the namespace out; callers that need one say so themselves.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new KubernetesError("CONFIG", `${file} cannot be read: ${errorText(error)}`, { cause: error });
  }
}
