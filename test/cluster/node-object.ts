import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import type { NodeSpec } from "./cluster.ts";
import { ClusterError } from "./error.ts";

const labelArch = "kubernetes.io/arch";
const labelOs = "kubernetes.io/os";
const labelHostname = "kubernetes.io/hostname";
/** Admission (TaintNodesByCondition) puts it on every new node; the node lifecycle controller takes it away. */
const notReady = "node.kubernetes.io/not-ready";

const ServerNode = z.object({ spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }) });

/** The Node as it is created: its status is a subresource and follows. */
function nodeManifest(node: NodeSpec): object {
  const { architecture = "amd64", operatingSystem = "linux" } = node;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: node.name,
      // What a kubelet writes on its own node.
      labels: {
        [labelArch]: architecture,
        [labelOs]: operatingSystem,
        [labelHostname]: node.name,
        ...node.labels,
      },
      annotations: node.annotations ?? {},
    },
    spec: { taints: node.taints ?? [], unschedulable: node.unschedulable ?? false },
  };
}

function nodeStatus(node: NodeSpec, now: Date): object {
  const resources = { cpu: "64", memory: "256Gi", pods: "110", "ephemeral-storage": "1Ti", ...node.allocatable };
  const at = now.toISOString();
  const condition = (type: string, status: boolean, reason: string): object => ({
    type,
    status: status ? "True" : "False",
    reason,
    message: "set by the test cluster",
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  });
  const ready = node.ready ?? true;
  return {
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [{ type: "Hostname", address: node.name }],
      conditions: [
        condition("MemoryPressure", false, "KubeletHasSufficientMemory"),
        condition("DiskPressure", false, "KubeletHasNoDiskPressure"),
        condition("PIDPressure", false, "KubeletHasSufficientPID"),
        condition("Ready", ready, ready ? "KubeletReady" : "KubeletNotReady"),
      ],
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kernelVersion: node.kernelVersion ?? "6.1.0-0-amd64",
        osImage: node.osImage ?? "Debian GNU/Linux 12 (bookworm)",
        containerRuntimeVersion: "containerd://2.1.0",
        kubeletVersion: "v1.37.2",
        kubeProxyVersion: "",
        operatingSystem: node.operatingSystem ?? "linux",
        architecture: node.architecture ?? "amd64",
      },
    },
  };
}

/** Creates a node object with its status, and waits until the not-ready taint is gone if it is to be ready. */
export async function createNodeObject(api: ApiClient, node: NodeSpec, signal: AbortSignal): Promise<void> {
  const path = `/api/v1/nodes/${encodeURIComponent(node.name)}`;
  await api.must("POST", "/api/v1/nodes", { signal, body: nodeManifest(node) });
  await api.must("PATCH", `${path}/status`, {
    signal,
    body: nodeStatus(node, new Date()),
    contentType: "application/merge-patch+json",
  });
  if (node.ready === false) return;
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { body } = await api.must("GET", path, { signal });
    if (!ServerNode.parse(JSON.parse(body)).spec.taints.some(({ key }) => key === notReady)) return;
    if (Date.now() > deadline)
      throw new ClusterError("TIMEOUT", `node ${node.name} keeps the taint ${notReady}; is the controller manager up?`);
    await delay(25, undefined, { signal });
  }
}

/** Renews a node's lease as its kubelet would; clusters that are not ours take it for dead after 50 s otherwise. */
export async function renewLease(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  const path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  const body = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: new Date().toISOString().replace("Z", "000Z") },
  };
  const { status } = await api.request("POST", path, { signal, body });
  if (status === 409)
    await api.must("PATCH", `${path}/${name}`, { signal, body, contentType: "application/merge-patch+json" });
  else if (status >= 400) throw new ClusterError("COMMAND", `creating the lease of node ${name} answered ${status}`);
}
