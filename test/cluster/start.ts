import { resolve } from "node:path";
import { type BinarySources, defaultSources, needsBuild } from "./binaries.ts";
import { type Cluster, type Level, type ProviderName, providers, type StartOptions } from "./cluster.ts";
import { controlPlane } from "./control-plane.ts";
import { type ClusterDescription, readDescription, writeDescription } from "./description.ts";
import { endRun } from "./end-run.ts";
import { ClusterError, describeError, MissingRequirement } from "./error.ts";
import { describeExisting } from "./existing.ts";
import { hasKindImage, missingForKind, startKind } from "./kind.ts";
import { startLocal } from "./local.ts";
import { refuseBusyMachine } from "./node-network.ts";
import { nodeBinaries } from "./nodes.ts";
import { createProgress, formatElapsed, type Progress, type WriteLine } from "./progress.ts";
import type { BinaryName } from "./releases.ts";
import { requireNodes } from "./requirements.ts";
import { openRun, type Run } from "./run.ts";
import { sweepAbandonedRuns } from "./sweep.ts";
import { useCluster } from "./use.ts";

/**
 * Starts a cluster and returns when Pods can be made in it.
 *
 * @throws MissingRequirement when the machine lacks something; ClusterError for everything else that goes wrong. Nothing
 * is left behind then.
 */
export async function startCluster(options: StartOptions): Promise<Cluster> {
  const began = Date.now();
  const sources = defaultSources();
  const progress = createProgress(options.progress);
  const { signal } = options;
  await sweepAbandonedRuns(signal, progress);
  const provider = options.provider ?? (await chooseProvider(signal));
  const run = await openRun({ dir: options.dir, detached: options.detached, signal });
  try {
    const about = await startWith(provider, run, options, sources, progress);
    writeDescription(run.dir, about);
    const cluster = await useCluster(run.dir, about, { progress: options.progress, sources, end: () => run.end() });
    progress.say(`cluster ready (${provider}, level ${about.level}) after ${formatElapsed(Date.now() - began)}`);
    return cluster;
  } catch (error) {
    await run.end().catch((left: unknown) => {
      throw new ClusterError("STOP", `${describeError(error)}\nAnd ${describeError(left)}`, { cause: error });
    });
    signal.throwIfAborted(); // with the caller's own reason
    throw error;
  }
}

export interface AttachOptions {
  readonly progress?: WriteLine | undefined;
  /** `stop` ends only this process's use of the cluster. Default: it ends the cluster. */
  readonly borrow?: boolean;
}

/**
 * The cluster of a folder, which another process started, or this one before.
 *
 * @throws ClusterError `RECORD` when there is none that became ready.
 */
export async function attachCluster(dir: string, options: AttachOptions = {}): Promise<Cluster> {
  const root = resolve(dir);
  return useCluster(root, readDescription(root), {
    progress: options.progress,
    sources: defaultSources(),
    end: async () => {
      if (!options.borrow) await endRun(root);
    },
  });
}

/** Ends the cluster or the registry of a folder, whoever started it. No error when there is none. */
export function endCluster(dir: string, signal?: AbortSignal): Promise<void> {
  return endRun(dir, signal);
}

/** A provider that has a cluster within a minute, because nothing must be built; or why there is none. */
export type Readiness = { readonly provider: ProviderName } | { readonly reason: string };

/** Takes less than 5 s, also on a machine without a network. */
export async function readyWithinAMinute(
  options: { readonly level: Level; readonly signal: AbortSignal; readonly tools?: readonly BinaryName[] },
  env: NodeJS.ProcessEnv = process.env,
): Promise<Readiness> {
  const { level, signal, tools = [] } = options;
  if (env["METAHUB_TEST_KUBECONFIG"]) {
    try {
      await describeExisting(env["METAHUB_TEST_KUBECONFIG"], level, undefined, signal);
      return { provider: "existing" };
    } catch (error) {
      signal.throwIfAborted();
      return { reason: describeError(error) };
    }
  }
  if ((await missingForKind(signal)) === undefined && (await hasKindImage(signal))) return { provider: "kind" };
  try {
    if (level === "nodes") {
      requireNodes();
      await refuseBusyMachine(signal);
    }
    const names = [...controlPlane, ...(level === "nodes" ? nodeBinaries : []), ...tools];
    const reason = await needsBuild(names, defaultSources(env), signal);
    return reason === undefined ? { provider: "local" } : { reason };
  } catch (error) {
    if (error instanceof ClusterError) return { reason: error.message };
    throw error;
  }
}

async function chooseProvider(signal: AbortSignal, env: NodeJS.ProcessEnv = process.env): Promise<ProviderName> {
  const named = env["METAHUB_TEST_PROVIDER"];
  if (named !== undefined && named !== "") {
    const provider = providers.find((one) => one === named);
    if (provider !== undefined) return provider;
    throw new ClusterError("UNSUPPORTED", `METAHUB_TEST_PROVIDER is "${named}"; it can be ${providers.join(", ")}`);
  }
  if (env["METAHUB_TEST_KUBECONFIG"]) return "existing";
  return (await missingForKind(signal)) === undefined ? "kind" : "local";
}

function startWith(
  provider: ProviderName,
  run: Run,
  options: StartOptions,
  sources: BinarySources,
  progress: Progress,
): Promise<ClusterDescription> {
  switch (provider) {
    case "existing": {
      const kubeconfig = process.env["METAHUB_TEST_KUBECONFIG"];
      if (!kubeconfig)
        throw new MissingRequirement(
          "METAHUB_TEST_KUBECONFIG",
          "set it to the kubeconfig of a cluster that may be used",
        );
      return describeExisting(
        resolve(kubeconfig),
        options.level,
        process.env["METAHUB_TEST_HOST_ADDRESS"],
        options.signal,
      );
    }
    case "kind":
      return startKind(run, options, progress);
    case "local":
      return startLocal(run, options, sources, progress);
  }
}
