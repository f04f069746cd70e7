import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import type { Cluster, Level, ProviderName } from "../cluster/cluster.ts";
import { launchDistribution } from "../cluster/distribution.ts";
import { ClusterError } from "../cluster/error.ts";
import { freePorts } from "../cluster/ports.ts";
import { createProgress, type Progress } from "../cluster/progress.ts";
import { attachCluster, endCluster, startCluster } from "../cluster/start.ts";
import { installChart } from "../operator/chart.ts";
import { pushOperatorImage } from "../operator/image.ts";
import { installOperator } from "../operator/install.ts";
import { publishBuilds } from "./builds.ts";
import { createMachines, createMachineTypes } from "./machines.ts";
import { type RealResult, runPods } from "./run-pods.ts";
import { setScenario } from "./scenario.ts";
import { type DemoState, readState, writeState } from "./state.ts";

const demoFolder = join(tmpdir(), "metahub-demo");
/** Programs that the demo uses beside those of the cluster, by level. */
export const demoTools = { api: ["kubectl", "helm", "registry"], nodes: ["kubectl", "helm", "printer"] } as const;
export const endIt = "npm run demo -- --down";

/** An API server that is up answers at once. */
const answerMs = 5_000;

export interface RealOptions {
  readonly provider: ProviderName;
  readonly level: Level;
  /** Whether `findDemo` has found it. */
  readonly up: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The cluster of an earlier demo that is up and answers. What is left of a dead one goes. */
export async function findDemo(
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Pick<RealOptions, "provider" | "level"> | undefined> {
  if (!existsSync(demoFolder)) return undefined;
  if (existsSync(join(demoFolder, "cluster.json")) && readState(demoFolder) !== undefined) {
    const cluster = await attachCluster(demoFolder, { borrow: true });
    const soon = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const { code } = await cluster.kubectl(["get", "--raw", "/readyz"], { signal: soon }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof ClusterError || soon.aborted) return { code: 1 };
      throw error;
    });
    await cluster.stop();
    if (code === 0) return { provider: cluster.provider, level: cluster.level };
  }
  say("ending what an earlier demo left");
  await endCluster(demoFolder, signal);
  return undefined;
}

/** The demonstration on a real API server, scheduler and registry; the cluster stays until `--down`. */
export async function runReal(options: RealOptions): Promise<RealResult> {
  const { up, say, signal } = options;
  const progress = createProgress((line) => say(withoutTime(line)));
  const { cluster, state } = up
    ? await attach(await attachCluster(demoFolder), progress, signal)
    : await setUp(options, progress);
  return { ...(await runPods(cluster, progress, signal)), cluster, builds: state.builds };
}

/** Ends the demo's cluster. False where there is none. */
export async function endReal(signal: AbortSignal): Promise<boolean> {
  const there = existsSync(demoFolder);
  await endCluster(demoFolder, signal);
  return there;
}

interface Stage {
  readonly cluster: Cluster;
  readonly state: DemoState;
}

/** An operator that runs in the cluster is brought to what this checkout holds; the rest stays as it is. */
async function attach(cluster: Cluster, progress: Progress, signal: AbortSignal): Promise<Stage> {
  progress.say("the cluster of the last demo is still up");
  const state = readState(demoFolder);
  if (state === undefined) throw new ClusterError("RECORD", `${demoFolder} says nothing of its demo`);
  if (state.image === undefined || cluster.registry === undefined) return { cluster, state };
  const { registry } = cluster;
  const { digest } = await pushOperatorImage(registry, signal);
  if (digest === state.image) return { cluster, state };
  await progress.during("the program has changed since: upgrading the chart", () =>
    installChart({ cluster, registry, signal }),
  );
  const now = { ...state, image: digest };
  writeState(demoFolder, now);
  return { cluster, state: now };
}

async function setUp({ provider, level, say, signal }: RealOptions, progress: Progress): Promise<Stage> {
  const cluster = await startCluster({
    provider,
    level,
    dir: demoFolder,
    detached: true,
    tools: demoTools[level],
    progress: (line) => say(withoutTime(line)),
    signal,
  });
  try {
    const state = await (level === "nodes" ? onNodes(cluster, progress, signal) : onObjects(cluster, progress, signal));
    writeState(demoFolder, state);
    return { cluster, state };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function onNodes(cluster: Cluster, progress: Progress, signal: AbortSignal): Promise<DemoState> {
  const { builds, chart } = await setScenario({ cluster, progress, signal });
  return { builds, image: chart.image.digest };
}

/** Without kubelets the operator's servers are processes of this machine, with the rights of the chart's accounts. */
async function onObjects(cluster: Cluster, progress: Progress, signal: AbortSignal): Promise<DemoState> {
  const binary = await resolveBinaries(["registry"], defaultSources(), progress, signal);
  const [port = 0] = await freePorts(1);
  const run = { dir: cluster.dir, logs: cluster.logs, end: () => cluster.stop() };
  const registry = await launchDistribution(run, binary("registry"), { port }, signal);
  const builds = await publishBuilds(registry, undefined, signal);
  progress.say(`pushed ${builds.tags.size} builds and their index to ${registry} (as docker.io)`);
  await createMachines(cluster, signal);
  await progress.during("installing the chart; its accounts run the operator here", () =>
    installOperator({ cluster, registry, signal }),
  );
  await createMachineTypes(cluster, signal);
  progress.say("machine types are ready; the controller has labelled the nodes");
  return { builds, image: undefined };
}

/** The line without the time that its writer put before it: `say` writes the demo's own. */
function withoutTime(line: string): string {
  return line.replace(/^\[[\dms.]+\] /, "");
}
