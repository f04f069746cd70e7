import { basename, join } from "node:path";
import { createApiClient } from "./api-client.ts";
import type { StartOptions } from "./cluster.ts";
import { type CommandResult, mustRun, runCommand } from "./command.ts";
import type { ClusterDescription } from "./description.ts";
import { ClusterError, MissingRequirement } from "./error.ts";
import { defaultNodes } from "./local.ts";
import type { Progress } from "./progress.ts";
import type { Run } from "./run.ts";
import { writeUndo } from "./run-record.ts";

const probeMs = 3_000;
const createMs = 10 * 60_000;

/** Undefined when kind can be used, else what is missing. */
export async function missingForKind(signal: AbortSignal): Promise<MissingRequirement | undefined> {
  const docker = await probe("docker", ["version", "--format", "{{.Server.Version}}"], signal);
  if (docker?.code !== 0)
    return new MissingRequirement(
      "a Docker daemon that answers",
      "install Docker and start it, https://docs.docker.com",
    );
  const kind = await probe("kind", ["version"], signal);
  if (kind?.code === 0) return undefined;
  return new MissingRequirement("kind", "go install sigs.k8s.io/kind@latest, or https://kind.sigs.k8s.io");
}

/** Whether the image of kind's nodes is on this machine, so that nothing must be pulled. */
export async function hasKindImage(signal: AbortSignal): Promise<boolean> {
  const images = await probe("docker", ["image", "ls", "--quiet", "kindest/node"], signal);
  return images?.code === 0 && images.stdout.trim() !== "";
}

/** Starts a cluster of kind; at level `nodes` with a worker for each name. */
export async function startKind(run: Run, options: StartOptions, progress: Progress): Promise<ClusterDescription> {
  const { signal, level } = options;
  const missing = await missingForKind(signal);
  if (missing !== undefined) throw missing;
  // The folder's name is unique on this machine; kind takes lower-case letters, digits and dashes.
  const name = basename(run.dir)
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-");
  const kubeconfig = join(run.dir, "admin.conf");
  const names = level === "nodes" ? (options.nodes ?? defaultNodes) : [];
  writeUndo(run.dir, {
    kind: "command",
    command: "kind",
    args: ["delete", "cluster", `--name=${name}`, `--kubeconfig=${kubeconfig}`],
  });
  const config = {
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    nodes: [
      { role: "control-plane" },
      ...names.map((one) => ({ role: "worker", labels: { "metahub.dev/test-node": one } })),
    ],
  };
  await progress.during("creating a cluster with kind", () =>
    mustRun(
      "kind",
      ["create", "cluster", `--name=${name}`, `--kubeconfig=${kubeconfig}`, "--wait=120s", "--config=-"],
      {
        signal,
        input: JSON.stringify(config),
        timeoutMs: createMs,
      },
    ),
  );
  const api = await createApiClient(kubeconfig);
  api.close();
  return {
    provider: "kind",
    level,
    kubeconfig,
    server: api.server,
    hostAddress: await gateway(signal),
    nodes: [],
  };
}

/** The machine's address in Docker's network of kind. */
async function gateway(signal: AbortSignal): Promise<string> {
  const format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
  const { stdout } = await mustRun("docker", ["network", "inspect", "kind", "--format", format], { signal });
  const address = stdout.split(/\s+/).find((one) => /^\d+(\.\d+){3}$/.test(one));
  if (address !== undefined) return address;
  throw new ClusterError("START", `Docker's network "kind" has no IPv4 gateway: ${stdout.trim()}`);
}

async function probe(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<CommandResult | undefined> {
  try {
    return await runCommand(command, args, { signal, timeoutMs: probeMs });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ClusterError) return undefined;
    throw error;
  }
}
