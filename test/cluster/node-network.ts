import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { adminEnv } from "./admin-env.ts";
import { mustRun } from "./command.ts";
import { ClusterError } from "./error.ts";
import { listIfThere } from "./proc-file.ts";
import { writeUndo } from "./run-record.ts";

/** The part of this machine's network that a cluster of level `nodes` has to itself. */
export interface NodeNetwork {
  /** The bridge that Pods hang on. */
  readonly bridge: string;
  /** The machine's own address on the bridge; Pods reach the API server there. */
  readonly gateway: string;
  readonly podRange: string;
  /** The first address that a Pod may get; those below are the nodes'. */
  readonly firstPod: string;
  readonly serviceRange: string;
  readonly serviceAddress: string;
  /** Address of the node with this index, counted from 0. */
  nodeAddress(index: number): string;
}

export const maxNodes = 30;
const bridgePrefix = "mhtest";
/** Second numbers of 10.N.0.0/16 to try: seldom used by others. */
const candidates = Array.from({ length: 30 }, (_, index) => 89 + index);
/** What kube-proxy writes in nftables mode: one table for each family, on a machine once. */
const proxyTables = ["ip kube-proxy", "ip6 kube-proxy"];
/** What kubelets set without asking (their kernel tunables), and what Pods need to reach anything. */
const kernelSettings = [
  "kernel/keys/root_maxbytes",
  "kernel/keys/root_maxkeys",
  "kernel/panic",
  "kernel/panic_on_oops",
  "net/ipv4/ip_forward",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
];

const Route = z.object({ dst: z.string() });
const Link = z.object({ addr_info: z.array(z.object({ local: z.string().optional() })).default([]) });

/** Whose this machine is when it is a node of a real cluster. */
const kubeletHome = "/var/lib/kubelet";
/** Folders that the programs of a node make outside of their own, the parent after the child; theirs only if new. */
const commonFolders = [
  "/run/containerd/s",
  "/run/containerd",
  "/run/netns",
  "/var/lib/cni/results",
  "/var/lib/cni",
  "/var/log/containers",
];

/**
 * Makes the bridge, after writing down how to undo it and every other change that kubelet and kube-proxy make.
 *
 * @throws ClusterError `IN_USE` when the machine already has nodes.
 */
export async function createNodeNetwork(dir: string, signal: AbortSignal): Promise<NodeNetwork> {
  await refuseBusyMachine(signal);
  const second = await freeNetwork(signal);
  // Undone in reverse.
  if (!existsSync(kubeletHome)) writeUndo(dir, { kind: "remove", path: kubeletHome });
  for (const path of commonFolders.toReversed()) if (!existsSync(path)) writeUndo(dir, { kind: "remove-empty", path });
  const bridge = `${bridgePrefix}${second}`;
  const gateway = `10.${second}.0.1`;

  for (const setting of kernelSettings.map((name) => `/proc/sys/${name}`)) {
    if (existsSync(setting)) writeUndo(dir, { kind: "write", path: setting, content: readFileSync(setting, "utf8") });
  }
  writeUndo(dir, {
    kind: "command",
    command: "ip",
    args: ["link", "del", bridge],
    ifExists: `/sys/class/net/${bridge}`,
  });
  for (const table of proxyTables) {
    // Adding a table that is there is no error, so that deleting it never is one.
    writeUndo(dir, { kind: "command", command: "nft", args: [`add table ${table}; delete table ${table}`] });
  }
  const ip = (...args: string[]): Promise<unknown> => mustRun("ip", args, { signal, env: adminEnv() });
  await ip("link", "add", bridge, "type", "bridge");
  const nodeAddress = (index: number): string => `10.${second}.0.${2 + index}`;
  // Each node has an address of its own on the machine, so that all kubelets listen at the usual port.
  for (const address of [gateway, ...Array.from({ length: maxNodes }, (_, index) => nodeAddress(index))])
    await ip("addr", "add", `${address}/24`, "dev", bridge);
  await ip("link", "set", bridge, "up");
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  return {
    bridge,
    gateway,
    podRange: `10.${second}.0.0/24`,
    firstPod: `10.${second}.0.${2 + maxNodes}`,
    serviceRange: `10.${second}.128.0/24`,
    serviceAddress: `10.${second}.128.1`,
    nodeAddress,
  };
}

/** @throws ClusterError `IN_USE` when the machine already has nodes, a test's or a real cluster's. */
export async function refuseBusyMachine(signal: AbortSignal): Promise<void> {
  const bridge = listIfThere("/sys/class/net").find((name) => name.startsWith(bridgePrefix));
  if (bridge !== undefined)
    throw new ClusterError(
      "IN_USE",
      `this machine already has test nodes (network interface ${bridge}); end them first (a demo's: npm run demo -- --down)`,
    );
  if (existsSync(`${kubeletHome}/config.yaml`))
    throw new ClusterError(
      "IN_USE",
      `this machine is a node of a cluster (${kubeletHome}/config.yaml); use another one`,
    );
  const { stdout } = await mustRun("nft", ["list", "tables"], { signal, env: adminEnv() });
  const table = proxyTables.find((one) => stdout.includes(`table ${one}\n`));
  if (table !== undefined)
    throw new ClusterError(
      "IN_USE",
      `a kube-proxy serves this machine (nftables table ${table}); use its cluster or end it`,
    );
}

/** An N for which nothing on this machine uses an address of 10.N.0.0/16. */
async function freeNetwork(signal: AbortSignal): Promise<number> {
  const options = { signal, env: adminEnv() };
  const [routes, links] = await Promise.all([
    mustRun("ip", ["-json", "-4", "route", "show", "table", "all"], options),
    mustRun("ip", ["-json", "-4", "address"], options),
  ]);
  const used = [
    ...z
      .array(Route)
      .parse(parseJson(routes.stdout))
      .map(({ dst }) => dst),
    ...z
      .array(Link)
      .parse(parseJson(links.stdout))
      .flatMap(({ addr_info }) => addr_info.flatMap(({ local }) => local ?? [])),
  ];
  const free = candidates.find((second) => !used.some((one) => one.startsWith(`10.${second}.`)));
  if (free === undefined)
    throw new ClusterError("IN_USE", "found no unused network among 10.89.0.0/16 to 10.118.0.0/16");
  return free;
}

/** `ip -json` prints nothing at all where it has nothing to list. */
function parseJson(text: string): unknown {
  return text.trim() === "" ? [] : JSON.parse(text);
}
