import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endPhase } from "../cluster/control-plane.ts";
import { startProcess } from "../cluster/run.ts";
import { waitUntil } from "../cluster/wait.ts";
import { removeCgroupAtEnd } from "./cgroup.ts";
import { requireClient } from "./own-hosts.ts";
import type { Site } from "./site.ts";
import { tryClient } from "./trial.ts";

tryClient({
  name: "containerd: ctr",
  found: requireClient("containerd", "containerd", "runc"),
  setUp: async (site, _home, { path }) => ({ env: await startContainerd(site, path) }),
  refused: /401 Unauthorized/,
  // It asks by HEAD, whose answer has no text.
  unfit: /not found/,
});

/** Its control groups lie below one of this name. */
const namespace = `metahub-ctr-${process.pid}`;

/** Starts a containerd of the test's own, without the plugins that are about the machine. @returns what ctr must know */
async function startContainerd({ run }: Site, path: string): Promise<Readonly<Record<string, string>>> {
  const folder = join(run.dir, "containerd");
  const socket = join(folder, "containerd.sock");
  const config = join(folder, "config.toml");
  await mkdir(folder);
  removeCgroupAtEnd(run, namespace);
  await writeFile(
    config,
    `version = 2
root = ${JSON.stringify(join(folder, "root"))}
state = ${JSON.stringify(join(folder, "state"))}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt"]
[grpc]
  address = ${JSON.stringify(socket)}
`,
  );
  const launch = { name: "containerd", phase: endPhase.client, command: path, args: ["--config", config] };
  const daemon = await startProcess(run, launch);
  const check = async (): Promise<string | undefined> => (existsSync(socket) ? undefined : `no ${socket} yet`);
  await waitUntil({ what: "containerd", timeoutMs: 30_000, signal: AbortSignal.timeout(60_000), process: daemon, check });
  return { CONTAINERD_ADDRESS: socket, CONTAINERD_SNAPSHOTTER: "native", CONTAINERD_NAMESPACE: namespace };
}
