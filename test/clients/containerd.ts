import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endPhase } from "../cluster/control-plane.ts";
import { startProcess } from "../cluster/run.ts";
import { waitUntil } from "../cluster/wait.ts";
import { removeCgroupAtEnd } from "./cgroup.ts";
import type { Site } from "./site.ts";

export interface ContainerdOptions {
  readonly site: Site;
  /** The folder of the test, here and as containerd sees it. */
  readonly home: string;
  readonly seen: string;
  /** The command line that runs another one, to which containerd and its flags are added. */
  readonly command: (line: readonly string[]) => readonly string[];
}

/** Starts a containerd of the test's own, without the plugins that are about the machine. @returns what ctr must know */
export async function startContainerd(options: ContainerdOptions): Promise<Readonly<Record<string, string>>> {
  const { site, home, seen, command: wrap } = options;
  const { run } = site;
  const namespace = `metahub-ctr-${process.pid}`;
  const text = JSON.stringify; // a JSON string is a TOML basic string
  await mkdir(join(home, "containerd"));
  // Containers' control groups lie below one with the namespace's name.
  removeCgroupAtEnd(run, namespace);
  const socket = join(seen, "containerd/sock");
  await writeFile(
    join(home, "containerd/config.toml"),
    `version = 2
root = ${text(join(seen, "containerd/root"))}
state = ${text(join(seen, "containerd/state"))}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt"]
[grpc]
  address = ${text(socket)}
`,
  );
  const [command = "", ...args] = wrap(["containerd", "--config", join(seen, "containerd/config.toml")]);
  // From version 2 on it is containerd that pulls, and no more ctr.
  const env = { SSL_CERT_FILE: join(seen, "ca.crt") };
  await copyFile(site.caFile, join(home, "ca.crt"));
  const daemon = await startProcess(run, { name: "containerd", phase: endPhase.client, command, args, env });
  const here = join(home, "containerd/sock");
  const check = async (): Promise<string | undefined> => (existsSync(here) ? undefined : `no ${here} yet`);
  await waitUntil({
    what: "containerd",
    timeoutMs: 30_000,
    signal: AbortSignal.timeout(60_000),
    process: daemon,
    check,
  });
  return { CONTAINERD_ADDRESS: socket, CONTAINERD_NAMESPACE: namespace };
}
