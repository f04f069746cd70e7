import { existsSync, readlinkSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { adminEnv } from "./admin-env.ts";
import { mustRun } from "./command.ts";
import { systemCode } from "./error.ts";
import { mountsBelow } from "./proc.ts";
import { listIfThere, readProc } from "./proc-file.ts";
import { identify, type ProcessIdentity, signalProcess, waitForEnd } from "./process-identity.ts";

/** What runc was told about a container (runtime-spec config.json), as far as ending it needs. */
const Bundle = z.object({
  linux: z.object({
    cgroupsPath: z.string().optional(),
    namespaces: z.array(z.object({ type: z.string(), path: z.string().optional() })).default([]),
  }),
});

interface Container {
  readonly id: string;
  readonly init: ProcessIdentity | undefined;
  /** `/k8s.io/ID` and the like, below each cgroup hierarchy. */
  readonly cgroup: string | undefined;
  readonly networkNamespace: string | undefined;
  /** The socket of its shim, outside the run's folder: containerd fixes where. */
  readonly socket: string | undefined;
}

/** Where containerd's runc shim keeps its bundles, below a containerd's state folder. */
const bundlesFolder = "io.containerd.runtime.v2.task/k8s.io";
/** Where the CNI library remembers what it answered; a file's name has the container's id. */
const cniResults = "/var/lib/cni/results";
/** Where kubelets link containers' logs for collectors. */
const logLinks = "/var/log/containers";

/**
 * Ends what the containerds of a run have started, from the files in which they say so, without asking any of them: a
 * drain through the API server takes long and may fail, and nothing may be left then either. The shims themselves carry
 * the run's mark and are ended with the other stragglers.
 */
export async function endContainers(dir: string, signal: AbortSignal): Promise<void> {
  const containers = containersOf(dir);
  const inits = containers.flatMap(({ init }) => (init === undefined ? [] : [init]));
  for (const init of inits) signalProcess(init, "SIGKILL");
  await waitForEnd(inits, 5_000, signal);

  const namespaces = new Set(containers.flatMap(({ networkNamespace: path }) => (path === undefined ? [] : [path])));
  for (const path of namespaces) await removeNamespace(path, signal);
  const results = listIfThere(cniResults);
  for (const container of containers) removeTraces(container, results);
  removeLogLinks(dir);
}

/** Those that the containerds of a run know. */
function containersOf(dir: string): readonly Container[] {
  return listIfThere(join(dir, "nodes")).flatMap((node) => {
    const bundles = join(dir, "nodes", node, "run", bundlesFolder);
    return listIfThere(bundles).map((id) => readContainer(join(bundles, id)));
  });
}

/** The CNI library bind-mounts a Pod's network namespace over an empty file; its veth pair goes with it. */
async function removeNamespace(path: string, signal: AbortSignal): Promise<void> {
  // Often named through the link /var/run; the kernel's table of mounts knows only the real path.
  for (const mount of existsSync(path) ? mountsBelow([realpathSync(path)]) : [])
    await mustRun("umount", ["-l", mount], { signal, env: adminEnv() });
  rmSync(path, { force: true });
}

/** Removes a container's files outside of the run's folder. `results`: names of the CNI library's. */
function removeTraces({ id, cgroup, socket }: Container, results: readonly string[]): void {
  if (socket !== undefined) rmSync(socket, { force: true });
  if (cgroup !== undefined) removeCgroup(cgroup);
  for (const name of results.filter((one) => one.includes(id))) rmSync(join(cniResults, name), { force: true });
}

function removeLogLinks(dir: string): void {
  for (const name of listIfThere(logLinks)) {
    const link = join(logLinks, name);
    if (linkTarget(link)?.startsWith(`${dir}/`)) rmSync(link, { force: true });
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // EINVAL: it is no link.
    if (systemCode(error) === "EINVAL" || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readContainer(bundle: string): Container {
  const text = readProc(join(bundle, "config.json"));
  const parsed = text === undefined ? undefined : Bundle.safeParse(JSON.parse(text)).data;
  const address = readProc(join(bundle, "address"))?.trim();
  const network = parsed?.linux.namespaces.find(({ type }) => type === "network")?.path;
  return {
    id: basename(bundle),
    init: initOf(bundle),
    cgroup: parsed?.linux.cgroupsPath,
    // Only namespaces that CNI made; never the host's.
    networkNamespace: network !== undefined && /\/netns\/cni-[0-9a-f-]+$/.test(network) ? network : undefined,
    socket: address?.startsWith("unix:///") ? address.slice("unix://".length) : undefined,
  };
}

/** The container's first process, if that number is still this container's: its cgroup bears the container's id. */
function initOf(bundle: string): ProcessIdentity | undefined {
  const pid = Number(readProc(join(bundle, "init.pid")));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const identity = identify(pid);
  return readProc(`/proc/${pid}/cgroup`)?.includes(basename(bundle)) ? identity : undefined;
}

/** Removes an empty cgroup, in the unified hierarchy or in every version 1 hierarchy, and its parents that are empty then. */
function removeCgroup(path: string): void {
  const root = "/sys/fs/cgroup";
  const hierarchies = existsSync(join(root, "cgroup.controllers")) ? [""] : listIfThere(root);
  for (const hierarchy of hierarchies) {
    for (let cgroup = path; cgroup.length > 1; cgroup = dirname(cgroup)) {
      if (!removeIfFree(join(root, hierarchy, cgroup))) break;
    }
  }
}

function removeIfFree(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return true;
    // EBUSY: it has children, or the kernel still reaps its processes; it is empty then, and costs nothing.
    if (code === "EBUSY" || code === "ENOTDIR" || code === "ENOTEMPTY") return false;
    throw error;
  }
}
