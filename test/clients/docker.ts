import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../cluster/command.ts";
import { endPhase } from "../cluster/control-plane.ts";
import { startProcess } from "../cluster/run.ts";
import { waitUntil } from "../cluster/wait.ts";
import { removeCgroupAtEnd } from "./cgroup.ts";
import { withHosts } from "./own-hosts.ts";
import type { Site } from "./site.ts";

const cgroup = `metahub-docker-${process.pid}`;

/** The daemon looks for certificates nowhere else. It sees a folder of its own there, and its key lies there too. */
const settled = `mount -t tmpfs none /etc/docker
mkdir -p "/etc/docker/certs.d/$1"
[ -z "$2" ] || cp "$2"/* "/etc/docker/certs.d/$1"
shift 2
exec "$@"`;

/**
 * Starts a daemon that shares nothing with this machine's own, and changes none of its network.
 * @param certificates folder with what it shows to the site's registry: `client.cert`, `client.key`
 * @returns its address
 */
export async function startDocker(
  { run, host, hostsFile, caFile }: Site,
  dockerd: string,
  certificates = "",
): Promise<string> {
  const folder = await mkdtemp(join(run.dir, "docker-"));
  const address = `unix://${join(folder, "docker.sock")}`;
  const config = join(folder, "daemon.json");
  await writeFile(config, "{}");
  removeCgroupAtEnd(run, cgroup);
  const [command = "", ...args] = withHosts(hostsFile, "sh", [
    ...["-eu", "-c", settled, "sh", host, certificates, dockerd],
    ...["--config-file", config, "--host", address, "--pidfile", join(folder, "pid")],
    ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--storage-driver", "vfs"],
    ...["--iptables=false", "--ip6tables=false", "--bridge=none", `--cgroup-parent=/${cgroup}`],
  ]);
  const launch = { name: "dockerd", phase: endPhase.client, command, args, env: { SSL_CERT_FILE: caFile } };
  const daemon = await startProcess(run, launch);
  const check = async (signal: AbortSignal): Promise<undefined> => {
    await mustRun("docker", ["--host", address, "info"], { signal });
    return undefined;
  };
  await waitUntil({ what: "dockerd", timeoutMs: 30_000, signal: AbortSignal.timeout(60_000), process: daemon, check });
  return address;
}
