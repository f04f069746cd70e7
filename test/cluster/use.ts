import { delimiter, join } from "node:path";
import { createApiClient } from "./api-client.ts";
import { type BinarySources, cacheFolder, resolveBinaries } from "./binaries.ts";
import type { Cluster } from "./cluster.ts";
import { runCommand } from "./command.ts";
import type { ClusterDescription } from "./description.ts";
import { ClusterError } from "./error.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { restartApiServer } from "./local.ts";
import { writeMirror } from "./mirror.ts";
import { nodeFolders } from "./node-config.ts";
import { createNodeObject } from "./node-object.ts";
import { createProgress, type WriteLine } from "./progress.ts";
import type { BinaryName } from "./releases.ts";

export interface UseOptions {
  readonly progress: WriteLine | undefined;
  readonly sources: BinarySources;
  /** Ends the cluster itself. */
  readonly end: () => Promise<void>;
}

/** At the end, for requests that tidy a cluster that stays. */
const tidyMs = 10_000;

/** The cluster that a description tells of, for the use of this process. */
export async function useCluster(dir: string, about: ClusterDescription, options: UseOptions): Promise<Cluster> {
  const api = await createApiClient(about.kubeconfig);
  const { sources } = options;
  // The local provider's controller manager waits for ever at level api; every other one wants heartbeats.
  const patient = about.provider === "local" && about.level === "api";
  const heartbeat = patient ? undefined : createHeartbeat(api);
  const folders = [cacheFolder("kubectl", sources), cacheFolder("helm", sources)];
  const path = [...folders, ...(process.env["PATH"] ?? "").split(delimiter)].join(delimiter);
  const env = { ...process.env, KUBECONFIG: about.kubeconfig, PATH: path };
  const tool =
    (name: BinaryName): Cluster["kubectl"] =>
    async (args, { signal, ...rest }) => {
      const program = (await resolveBinaries([name], sources, createProgress(options.progress), signal))(name);
      return runCommand(program, args, { ...rest, signal, env });
    };
  return {
    provider: about.provider,
    level: about.level,
    dir,
    logs: join(dir, "logs"),
    kubeconfig: about.kubeconfig,
    server: about.server,
    hostAddress: about.hostAddress,
    registry: about.registry,
    env,
    kubectl: tool("kubectl"),
    helm: tool("helm"),
    async createNode(node, signal) {
      await heartbeat?.add(node.name, signal);
      await createNodeObject(api, node, signal);
    },
    async mirrorRegistry(registry, host) {
      if (about.nodes.length === 0)
        throw new ClusterError("UNSUPPORTED", "only the nodes of a local cluster of level nodes can be given a mirror");
      for (const node of about.nodes) await writeMirror(nodeFolders(dir, node).certs, registry, host);
    },
    async restartApiServer(restart) {
      if (about.provider !== "local")
        throw new ClusterError("UNSUPPORTED", `the API server of provider ${about.provider} cannot be restarted`);
      await restartApiServer(dir, api, restart);
    },
    async stop() {
      // Nodes that are objects go with a local or kind cluster; in an existing one nothing of ours may stay.
      if (about.provider === "existing") await heartbeat?.close(AbortSignal.timeout(tidyMs));
      else heartbeat?.cancel();
      api.close();
      await options.end();
    },
  };
}
