import { join } from "node:path";
import {
  type BinaryPath,
  cacheFolder,
  defaultSources,
  lackBefore,
  missingBinaries,
  resolveBinaries,
} from "./binaries.ts";
import { type Cluster, type Level, levels, type StartOptions } from "./cluster.ts";
import { ClusterError, MissingRequirement } from "./error.ts";
import { type Lack, lack, lackOf } from "./lack.ts";
import { createProgress } from "./progress.ts";
import type { BinaryName } from "./releases.ts";
import { startCluster } from "./start.ts";

/** A cluster, or what this machine lacks for it. */
export type ClusterOrLack = { readonly cluster: Cluster } | Lack;

/**
 * A cluster for tests. What the machine cannot run is skipped with a reason, unless `METAHUB_TEST_REQUIRE` names this
 * level, or `nodes`, which requires `api` too: then it is an error.
 *
 * @throws MissingRequirement as said; ClusterError when a cluster that should work does not.
 */
export async function requireLevel(
  options: StartOptions,
  env: NodeJS.ProcessEnv = process.env,
  start: typeof startCluster = startCluster,
): Promise<ClusterOrLack> {
  const required = isRequired(options.level, env);
  try {
    return { cluster: await start(options) };
  } catch (error) {
    if (required || !(error instanceof MissingRequirement)) throw error;
    return lackOf(error, `no cluster of level ${options.level}; `);
  }
}

/** The same where the cluster's API server reaches this machine, which is not known of every existing cluster. */
export async function reachable(found: ClusterOrLack): Promise<ClusterOrLack> {
  if ("skip" in found || found.cluster.hostAddress !== undefined) return found;
  await found.cluster.stop();
  return lack("it is not known how the cluster's API server reaches this machine; set METAHUB_TEST_HOST_ADDRESS");
}

/** Programs of clusters for tests that need no cluster: fetched or built where the cache lacks them. */
export async function requirePrograms(
  names: readonly BinaryName[],
  signal: AbortSignal,
): Promise<{ readonly path: BinaryPath } | Lack> {
  try {
    return { path: await resolveBinaries(names, defaultSources(), createProgress(undefined), signal) };
  } catch (error) {
    if (error instanceof MissingRequirement) return lackOf(error);
    throw error;
  }
}

/** Programs of clusters for tests that must not wait for a build. */
export function cachedPrograms(...names: readonly BinaryName[]): { readonly path: BinaryPath } | Lack {
  const sources = defaultSources();
  const [missing] = missingBinaries(names, sources);
  if (missing !== undefined) {
    const why = lackBefore(missing, sources);
    return lack(`${missing} is not in the cache; ${why ?? '"npm test" without --unit gets it'}`);
  }
  return { path: (name) => join(cacheFolder(name, sources), name) };
}

/** Whether the environment makes the lack of a level a failure. */
export function isRequired(level: Level, env: NodeJS.ProcessEnv): boolean {
  const value = env["METAHUB_TEST_REQUIRE"];
  if (value === undefined || value === "") return false;
  const wanted = levels.find((one) => one === value);
  if (wanted === undefined)
    throw new ClusterError("UNSUPPORTED", `METAHUB_TEST_REQUIRE is "${value}"; it can be ${levels.join(" or ")}`);
  return levels.indexOf(level) <= levels.indexOf(wanted);
}
