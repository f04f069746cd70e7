import { readFile } from "node:fs/promises";
import { load } from "js-yaml";
import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";

const adminConfig = z.object({
  clusters: z.array(z.object({ name: z.string(), cluster: z.record(z.string(), z.unknown()) })).min(1),
});

/** A kubeconfig whose user is a service account, by a token of the API server's: exactly the account's rights. */
export async function accountKubeconfig(
  cluster: Cluster,
  namespace: string,
  account: string,
  signal: AbortSignal,
): Promise<string> {
  const args = ["create", "token", account, "--namespace", namespace, "--duration", "24h"];
  const { code, stdout, stderr } = await cluster.kubectl(args, { signal });
  if (code !== 0) throw new ClusterError("COMMAND", `no token for the service account ${account}: ${stderr.trim()}`);
  const admin = adminConfig.parse(load(await readFile(cluster.kubeconfig, "utf8")));
  const [entry] = admin.clusters;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "account",
    clusters: [{ name: "cluster", cluster: entry?.cluster }],
    users: [{ name: "account", user: { token: stdout.trim() } }],
    contexts: [{ name: "account", context: { cluster: "cluster", user: "account" } }],
  });
}
