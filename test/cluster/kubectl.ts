import type { Cluster } from "./cluster.ts";
import { ClusterError } from "./error.ts";

/** For a cluster that is also busy with other tests. */
const timeoutMs = 60_000;

/**
 * Runs kubectl for a test and returns what it printed, trimmed. `input` is sent as JSON to its standard input.
 *
 * @throws ClusterError `COMMAND` with what kubectl said when it fails.
 */
export async function kubectl(cluster: Cluster, args: readonly string[], input?: unknown): Promise<string> {
  const stdin = input === undefined ? {} : { input: JSON.stringify(input) };
  const result = await cluster.kubectl(args, { signal: AbortSignal.timeout(timeoutMs), ...stdin });
  if (result.code === 0) return result.stdout.trim();
  throw new ClusterError("COMMAND", `kubectl ${args.join(" ")} failed with ${result.code}: ${result.stderr.trim()}`);
}
