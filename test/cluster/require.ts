import { type Cluster, type Level, levels, type StartOptions } from "./cluster.ts";
import { ClusterError, MissingRequirement } from "./error.ts";
import { startCluster } from "./start.ts";

/** A cluster, or one line that says what this machine lacks for it and how to get that. */
export type ClusterOrSkip = { readonly cluster: Cluster } | { readonly skip: string };

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
): Promise<ClusterOrSkip> {
  const required = isRequired(options.level, env);
  try {
    return { cluster: await start(options) };
  } catch (error) {
    if (required || !(error instanceof MissingRequirement)) throw error;
    return { skip: `no cluster of level ${options.level}; ${error.message}` };
  }
}

/** Whether the environment makes the lack of a level a failure. */
export function isRequired(level: Level, env: NodeJS.ProcessEnv): boolean {
  const value = env["METAHUB_TEST_REQUIRE"];
  if (value === undefined || value === "") return false;
  const wanted = levels.find((one) => one === value);
  if (wanted === undefined)
    throw new ClusterError("unsupported", `METAHUB_TEST_REQUIRE is "${value}"; it can be ${levels.join(" or ")}`);
  return levels.indexOf(level) <= levels.indexOf(wanted);
}
