import { ClusterStore } from "../../identity/cluster-store.ts";
import type { CredentialStore } from "../../identity/credential-store.ts";
import { FolderStore } from "../../identity/folder-store.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import type { Given } from "../input/given.ts";
import { withCluster } from "../input/with-cluster.ts";
import { safeText } from "../terminal/text.ts";

/**
 * Works with the credentials of the folder or the namespace that the flags name.
 * @throws UsageError unless it is one of them; what finding the cluster throws
 */
export async function withStore<T>(
  given: Given,
  context: CommandContext,
  work: (store: CredentialStore) => Promise<T>,
): Promise<T> {
  const [folder, namespace, kubeconfig] = [given.text("inventory"), given.text("namespace"), given.text("kubeconfig")];
  if ((folder === undefined) === (namespace === undefined)) {
    throw new UsageError("say where credentials are kept: --inventory DIR, or --namespace NAME for those of a cluster");
  }
  if (folder !== undefined) {
    if ((kubeconfig ?? given.text("context")) !== undefined) {
      throw new UsageError("--kubeconfig and --context belong to --namespace; --inventory asks no cluster");
    }
    return await work(new FolderStore(folder, given.text("file")));
  }
  if (given.text("file") !== undefined) throw new UsageError("--file belongs to --inventory");
  const onUnreadable = (name: string): void => {
    context.stderr.write(`metahub: machinecredential/${safeText(name)} cannot be read and is left out\n`);
  };
  return await withCluster({ kubeconfig, context: given.text("context") }, context, (client) =>
    work(new ClusterStore({ client, namespace: namespace ?? "", onUnreadable })),
  );
}
