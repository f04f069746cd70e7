import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import type { BinaryPath } from "./binaries.ts";
import { type ControlPlane, endPhase } from "./control-plane.ts";
import { launchDistribution } from "./distribution.ts";
import { ClusterError } from "./error.ts";
import { pushTestImage } from "./images.ts";
import { writeMirror } from "./mirror.ts";
import { cniConfig, containerdConfig, kubeletConfig, nodeFolders, proxyConfig } from "./node-config.ts";
import { maxNodes, type NodeNetwork } from "./node-network.ts";
import { freePorts } from "./ports.ts";
import type { BinaryName } from "./releases.ts";
import type { NodeMachine } from "./requirements.ts";
import { type Run, type Started, startProcess } from "./run.ts";
import { waitUntil } from "./wait.ts";

/** The programs of level `nodes`, besides the control plane's. */
export const nodeBinaries: readonly BinaryName[] = ["kubelet", "kube-proxy", "pause", "registry"];

export interface NodesOptions {
  readonly names: readonly string[];
  readonly run: Run;
  readonly plane: ControlPlane;
  readonly binary: BinaryPath;
  readonly network: NodeNetwork;
  readonly machine: NodeMachine;
  readonly api: ApiClient;
  readonly signal: AbortSignal;
}

const readyMs = 120_000;

const Node = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string() })) }),
});

/** Starts a registry, kube-proxy, and a containerd and a kubelet for each node. Returns the registry's host. */
export async function startNodes(options: NodesOptions): Promise<string> {
  const { names, run, binary, network, plane, api, signal } = options;
  const [first] = names;
  if (first === undefined || names.length > maxNodes)
    throw new ClusterError("START", `level nodes takes 1 to ${maxNodes} nodes, not ${names.length}`);
  const [registryPort = 0, ...proxyPorts] = await freePorts(3);
  // On the bridge: one name for it, good for this machine, for the nodes and for Pods.
  const listen = { address: network.gateway, port: registryPort };
  const registry = await launchDistribution(run, binary("registry"), listen, signal);
  await pushTestImage({
    host: registry,
    repository: "pause",
    reference: "1",
    layers: [[{ path: "pause", content: await readFile(binary("pause")), mode: 0o755 }]],
    config: { Entrypoint: ["/pause"] },
    signal,
  });

  const proxyUser = await plane.userConfig({ commonName: "system:kube-proxy" });
  const proxyFile = join(run.dir, "kube-proxy.json");
  await writeFile(proxyFile, proxyConfig(proxyUser, first, network, proxyPorts));
  await startProcess(run, {
    name: "kube-proxy",
    phase: endPhase.client,
    command: binary("kube-proxy"),
    args: [`--config=${proxyFile}`],
  });
  await Promise.all(names.map((name, index) => startNode(options, name, index, registry)));
  await Promise.all(names.map((name) => waitForNode(api, name, signal)));
  return registry;
}

async function startNode(options: NodesOptions, name: string, index: number, registry: string): Promise<void> {
  const { run, plane, binary, network, machine, signal } = options;
  const folders = nodeFolders(run.dir, name);
  for (const folder of [folders.run, folders.cni, folders.certs, folders.kubelet])
    await mkdir(folder, { recursive: true });
  const address = network.nodeAddress(index);
  const file = (suffix: string): string => join(folders.root, suffix);
  const user = { commonName: `system:node:${name}`, organizations: ["system:nodes"] };
  const kubeconfig = await plane.userConfig(user);
  const serving = await plane.authority.issue({ ...user, server: true, addresses: [address], hosts: [name] });
  const files = { authority: plane.authorityFile, certificate: file("kubelet.crt"), key: file("kubelet.key") };
  await Promise.all([
    writeFile(files.certificate, serving.certificate),
    writeFile(files.key, serving.key, { mode: 0o600 }),
    writeFile(join(folders.cni, "10-bridge.conflist"), cniConfig(network, join(run.dir, "pod-addresses"))),
    writeFile(file("containerd.toml"), containerdConfig(folders, machine.cni, `${registry}/pause:1`)),
    // containerd speaks plain HTTP to loopback by itself, to others when told.
    writeMirror(folders.certs, registry, registry),
    writeFile(file("kubelet.json"), kubeletConfig(folders, address, files)),
  ]);
  // One containerd must not serve two kubelets: each would remove the other's Pods.
  const containerd = await startProcess(run, {
    name: `${name}-containerd`,
    phase: endPhase.storage,
    command: machine.containerd,
    args: ["--config", file("containerd.toml")],
  });
  await waitForSocket(folders.socket, containerd, signal);
  await startProcess(run, {
    name: `${name}-kubelet`,
    phase: endPhase.client,
    command: binary("kubelet"),
    args: [
      `--config=${file("kubelet.json")}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${name}`,
      `--node-ip=${address}`,
      `--root-dir=${folders.kubelet}`,
      `--cert-dir=${join(folders.kubelet, "pki")}`,
    ],
  });
}

function waitForSocket(socket: string, process: Started, signal: AbortSignal): Promise<void> {
  return waitUntil({
    what: process.record.name,
    timeoutMs: readyMs,
    signal,
    process,
    check: async () => (existsSync(socket) ? undefined : `${socket} is not there`),
  });
}

function waitForNode(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  return waitUntil({
    what: `node ${name}`,
    timeoutMs: readyMs,
    signal,
    everyMs: 200,
    async check(each) {
      const { status, body } = await api.request("GET", `/api/v1/nodes/${name}`, { signal: each });
      if (status !== 200) return `its kubelet has not registered it (${status})`;
      const ready = Node.parse(JSON.parse(body)).status.conditions.find(({ type }) => type === "Ready");
      return ready?.status === "True" ? undefined : (ready?.message ?? "it has no condition Ready");
    },
  });
}
