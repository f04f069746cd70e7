import { inject } from "vitest";
import type { Level } from "./cluster.ts";
import { ClusterError } from "./error.ts";
import { borrow } from "./lender.ts";
import type { ClusterOrLack } from "./require.ts";
import { attachCluster } from "./start.ts";

/** Building Kubernetes on a small machine, once. */
const firstTimeMs = 60 * 60_000;

/**
 * The cluster of a level that all integration tests share: started at the first call in a test run, ended after it. Its
 * `stop` ends only the caller's use of it. Needs `global-setup.ts` as vitest's globalSetup.
 *
 * ```ts
 * describeWith(await sharedCluster("api"), "…", ({ cluster }) => …);
 * ```
 */
export async function sharedCluster(level: Level): Promise<ClusterOrLack> {
  const answer = await borrow(inject("metahubLender"), level, AbortSignal.timeout(firstTimeMs));
  if ("skip" in answer) return answer;
  if (!("dir" in answer)) throw new ClusterError("record", `asked for a cluster and got ${JSON.stringify(answer)}`);
  return { cluster: await attachCluster(answer.dir, { borrow: true }) };
}

/** `HOST:PORT` of a real registry that all integration tests share: use repositories of your own. */
export async function sharedRegistry(): Promise<string> {
  const answer = await borrow(inject("metahubLender"), "registry", AbortSignal.timeout(firstTimeMs));
  if (!("host" in answer)) throw new ClusterError("record", `asked for a registry and got ${JSON.stringify(answer)}`);
  return answer.host;
}
