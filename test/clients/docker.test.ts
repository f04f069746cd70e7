import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../cluster/command.ts";
import { endPhase } from "../cluster/control-plane.ts";
import { startProcess } from "../cluster/run.ts";
import { waitUntil } from "../cluster/wait.ts";
import { removeCgroupAtEnd } from "./cgroup.ts";
import { requireClient, withHosts } from "./own-hosts.ts";
import type { Site } from "./site.ts";
import { ourReason, tryClient } from "./trial.ts";

tryClient({
  name: "docker",
  found: requireClient("dockerd", "docker.io"),
  setUp: async (site, home, { path }) => ({ env: { DOCKER_CONFIG: home, DOCKER_HOST: await startDocker(site, path) } }),
  refused: /unauthorized/,
  unfit: ourReason,
});

const cgroup = `metahub-docker-${process.pid}`;

/** Starts a daemon that shares nothing with this machine's own, and changes none of its network. @returns its address */
async function startDocker({ run, hostsFile, caFile }: Site, dockerd: string): Promise<string> {
  const folder = join(run.dir, "docker");
  const address = `unix://${join(folder, "docker.sock")}`;
  const config = join(run.dir, "daemon.json");
  await writeFile(config, "{}");
  removeCgroupAtEnd(run, cgroup);
  const [command = "", ...args] = withHosts(hostsFile, dockerd, [
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
