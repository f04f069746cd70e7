import { join } from "node:path";
import { ClusterError } from "./error.ts";
import type { NodeNetwork } from "./node-network.ts";

/** Folders of one node; nothing of it is shared with another but the Pods' address pool. */
export interface NodeFolders {
  readonly root: string;
  /** containerd's state; its sockets are here. */
  readonly run: string;
  readonly socket: string;
  readonly cni: string;
  readonly certs: string;
  readonly kubelet: string;
}

/** A Unix socket's path has at most 107 characters (unix(7)); containerd appends `.ttrpc`. */
const maxSocket = 107 - ".ttrpc".length;

export function nodeFolders(dir: string, name: string): NodeFolders {
  const root = join(dir, "nodes", name);
  const run = join(root, "run");
  const socket = join(run, "containerd.sock");
  if (socket.length > maxSocket)
    throw new ClusterError(
      "START",
      `the folder ${dir} is too long: ${socket} does not fit a socket's ${maxSocket} characters`,
    );
  return { root, run, socket, cni: join(root, "cni"), certs: join(root, "certs.d"), kubelet: join(root, "kubelet") };
}

/** The CNI configuration of a node. All nodes share `addresses`, because all Pods are in one network. */
export function cniConfig(network: NodeNetwork, addresses: string): string {
  return json({
    cniVersion: "0.4.0",
    name: "metahub-test",
    plugins: [
      {
        type: "bridge",
        bridge: network.bridge,
        isGateway: true,
        // Without it Pods have no route to Services.
        isDefaultGateway: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: addresses,
          ranges: [[{ subnet: network.podRange, rangeStart: network.firstPod, gateway: network.gateway }]],
        },
      },
    ],
  });
}

export function containerdConfig(folders: NodeFolders, cniPlugins: string, pauseImage: string): string {
  const text = JSON.stringify; // a JSON string is a TOML basic string
  return `version = 2
root = ${text(join(folders.root, "containerd"))}
state = ${text(folders.run)}
[grpc]
  address = ${text(folders.socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(join(folders.root, "opt"))}
[plugins."io.containerd.nri.v1.nri"]
  # Its socket is one for the machine.
  disable = true
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE runc cannot lower the score, and dies with "can't get final child's PID from pipe: EOF".
  restrict_oom_score_adj = true
  sandbox_image = ${text(pauseImage)}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${text(cniPlugins)}
    conf_dir = ${text(folders.cni)}
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${text(folders.certs)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    # Works on every file system, also in a container on overlayfs.
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = ${text(join(folders.run, "runc"))}
`;
}

export interface KubeletFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** A KubeletConfiguration for one of several kubelets on a machine that is not theirs alone. */
export function kubeletConfig(folders: NodeFolders, address: string, files: KubeletFiles): string {
  return json({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    healthzPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: files.authority },
    },
    authorization: { mode: "AlwaysAllow" },
    tlsCertFile: files.certificate,
    tlsPrivateKeyFile: files.key,
    // The machine's cgroups belong to others: no slices of our own, and a version 1 host is welcome.
    cgroupDriver: "cgroupfs",
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    containerRuntimeEndpoint: `unix://${folders.socket}`,
    podLogsDir: join(folders.root, "podlogs"),
    volumePluginDir: join(folders.root, "volume-plugins"),
    resolvConf: "",
    // A developer's disk is often fuller than the defaults allow.
    evictionHard: { "nodefs.available": "0%" },
    imageGCHighThresholdPercent: 100,
    // Many Pods start at once in tests.
    serializeImagePulls: false,
    registryPullQPS: 0,
    eventRecordQPS: 0,
  });
}

/** A KubeProxyConfiguration: one proxy serves the machine, and with it all nodes and Pods on it. */
export function proxyConfig(kubeconfig: string, node: string, network: NodeNetwork, ports: readonly number[]): string {
  const [healthz, metrics] = ports;
  return json({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig },
    mode: "nftables",
    clusterCIDR: network.podRange,
    hostnameOverride: node,
    healthzBindAddress: `127.0.0.1:${healthz}`,
    metricsBindAddress: `127.0.0.1:${metrics}`,
    // A Pod that answers another on the same bridge would answer past the machine, from an address that nobody asked.
    nftables: { masqueradeAll: true },
    // The machine's own limits stay as they are.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
