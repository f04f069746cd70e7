import { join } from "node:path";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { type BinarySources, resolveBinaries } from "./binaries.ts";
import type { RestartOptions, StartOptions } from "./cluster.ts";
import { type ControlPlane, controlPlane, prepareControlPlane } from "./control-plane.ts";
import type { ClusterDescription } from "./description.ts";
import { ClusterError } from "./error.ts";
import { checkHealth } from "./health.ts";
import { createNodeNetwork } from "./node-network.ts";
import { nodeBinaries, startNodes } from "./nodes.ts";
import { isFree } from "./ports.ts";
import { signalProcess, waitForEnd } from "./process-identity.ts";
import type { Progress } from "./progress.ts";
import { requireNodes } from "./requirements.ts";
import { type Launch, type Run, type Started, startProcess } from "./run.ts";
import { readProcessRecords } from "./run-record.ts";
import { waitUntil } from "./wait.ts";

/** Generous: a machine that also compiles has been seen to take 20 s for what takes 3 s on an idle one. */
const readyMs = 120_000;

/**
 * Where nodes are objects nobody reaches the API server at its advertised address, but it refuses loopback and, on a
 * machine without a default route, to choose one. RFC 5737 keeps this one for documentation.
 */
const nowhere = "192.0.2.1";

/** Starts a cluster as processes of this machine. */
export async function startLocal(
  run: Run,
  options: StartOptions,
  sources: BinarySources,
  progress: Progress,
): Promise<ClusterDescription> {
  const { signal, level } = options;
  const withNodes = level === "nodes";
  const machine = withNodes ? requireNodes() : undefined;
  const binary = await resolveBinaries(
    [...controlPlane, ...(withNodes ? nodeBinaries : []), ...(options.tools ?? [])],
    sources,
    progress,
    signal,
  );
  const network = withNodes ? await createNodeNetwork(run.dir, signal) : undefined;
  const plane = await prepareControlPlane({
    dir: run.dir,
    binary,
    nodes: withNodes,
    advertise: network?.gateway ?? nowhere,
    serviceRange: network?.serviceRange ?? "10.96.0.0/16",
    serviceAddress: network?.serviceAddress ?? "10.96.0.1",
    schedulerQps: options.schedulerQps,
    apiServerArgs: options.apiServerArgs,
  });
  const api = await createApiClient(plane.kubeconfig);
  try {
    await progress.during("starting the control plane", () => startControlPlane(run, plane, api, signal));
    let registry: string | undefined;
    const names = withNodes ? (options.nodes ?? defaultNodes) : [];
    if (network !== undefined && machine !== undefined) {
      const nodes = { names, run, plane, binary, network, machine, api, signal };
      registry = await progress.during(`starting ${names.length} nodes`, () => startNodes(nodes));
    }
    return {
      provider: "local",
      level,
      kubeconfig: plane.kubeconfig,
      server: plane.server,
      hostAddress: "127.0.0.1",
      ...(registry === undefined ? {} : { registry }),
      nodes: [...names],
    };
  } finally {
    api.close();
  }
}

export const defaultNodes: readonly string[] = ["node1", "node2", "node3", "node4"];

async function startControlPlane(run: Run, plane: ControlPlane, api: ApiClient, signal: AbortSignal): Promise<void> {
  const etcd = await startProcess(run, plane.etcd);
  const apiServer = await startProcess(run, plane.apiServer);
  // The API server waits for its storage by itself; when the storage fails, its log is the one to see.
  await Promise.race([
    waitForApiServer(api, apiServer, signal),
    etcd.ended.then((how) => {
      if (signal.aborted) return;
      throw new ClusterError("START", `etcd ended before the API server was ready: ${how}; see ${etcd.record.log}`);
    }),
  ]);
  await Promise.all([
    startController(run, plane.controllerManager, plane.health.controllerManager, plane, signal),
    startController(run, plane.scheduler, plane.health.scheduler, plane, signal),
    // Pods are refused before the controller manager has made their service account.
    waitUntil({
      what: "the service account default",
      timeoutMs: readyMs,
      signal,
      async check(each) {
        const path = "/api/v1/namespaces/default/serviceaccounts/default";
        const { status } = await api.request("GET", path, { signal: each });
        return status === 200 ? undefined : `GET ${path} answered ${status}`;
      },
    }),
  ]);
}

async function startController(
  run: Run,
  launch: Launch,
  health: string,
  plane: ControlPlane,
  signal: AbortSignal,
): Promise<void> {
  const started = await startProcess(run, launch);
  await waitUntil({
    what: launch.name,
    timeoutMs: readyMs,
    signal,
    process: started,
    check: (each) => checkHealth(health, plane.authority.certificate, each),
  });
}

function waitForApiServer(api: ApiClient, process: Started, signal: AbortSignal): Promise<void> {
  return waitUntil({
    what: "the API server",
    timeoutMs: readyMs,
    signal,
    process,
    async check(each) {
      const { status, body } = await api.request("GET", "/readyz", { signal: each });
      return status === 200 ? undefined : `/readyz answered ${status}: ${body.slice(0, 500)}`;
    },
  });
}

/** Kills the API server of a local cluster and starts it again as it was started first. */
export async function restartApiServer(dir: string, api: ApiClient, options: RestartOptions): Promise<void> {
  const { signal, kill = "SIGKILL", whileDown } = options;
  const record = readProcessRecords(dir).find(({ name }) => name === "kube-apiserver");
  if (record === undefined) throw new ClusterError("RECORD", `${dir} does not say how its API server was started`);
  signalProcess(record, kill);
  if ((await waitForEnd([record], readyMs, signal)).length > 0)
    throw new ClusterError("STOP", `the API server, process ${record.pid}, does not end after ${kill}`);
  await whileDown?.();
  const port = Number(new URL(api.server).port);
  // The kernel closes a dead process's sockets a moment after it ends.
  await waitUntil({
    what: `port ${port}`,
    timeoutMs: 10_000,
    signal,
    check: async () => ((await isFree(port)) ? undefined : "somebody listens there"),
  });
  const started = await startProcess({ dir, logs: join(dir, "logs") }, record);
  await waitForApiServer(api, started, signal);
}
