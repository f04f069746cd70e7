import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { adminEnv } from "./admin-env.ts";
import { runCommand } from "./command.ts";
import { mountsBelow } from "./proc.ts";
import { listIfThere } from "./proc-file.ts";

const settingNames = ["net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"];
const folderPaths = ["/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"];

/** What level nodes touches of the machine outside of its own folder, to compare after a cluster with before it. */
export async function machineState(signal: AbortSignal): Promise<object> {
  const options = { signal, env: adminEnv() };
  return {
    links: (await runCommand("ip", ["-brief", "link"], options)).stdout.match(/^(veth|mhtest)\S+/gm),
    tables: (await runCommand("nft", ["list", "tables"], options)).stdout,
    settings: await Promise.all(settingNames.map((name) => readFile(`/proc/sys/${name}`, "utf8"))),
    folders: folderPaths
      .filter((path) => existsSync(path))
      .map((path) => [path, readdirSync(path, { recursive: true })]),
    cgroups: listIfThere("/sys/fs/cgroup").filter((name) => existsSync(`/sys/fs/cgroup/${name}/k8s.io`)),
    namespaces: mountsBelow(["/run/netns"]),
  };
}
