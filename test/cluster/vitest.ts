import { inject } from "vitest";
import type { Level } from "./cluster.ts";
import { ClusterError } from "./error.ts";
import { borrow } from "./lender.ts";
import type { ClusterOrLack } from "./require.ts";
import { attachCluster } from "./start.ts";

/** Building Kubernetes on a small machine, once. */
const firstTimeMs = 60 * 60_000;

/**
 * A cluster of the level that test files share, one file at a time: the file has it until it calls `stop`, which gives it
 * back. Needs `global-setup.ts` as vitest's globalSetup.
 *
 * ```ts
 * describeWith(await sharedCluster("api"), "…", ({ cluster }) => …);
 * ```
 */
export async function sharedCluster(level: Level): Promise<ClusterOrLack> {
  const { answer, giveBack } = await borrow(inject("metahubLender"), level, AbortSignal.timeout(firstTimeMs));
  if ("skip" in answer) return answer;
  if (!("dir" in answer)) throw new ClusterError("record", `asked for a cluster and got ${JSON.stringify(answer)}`);
  const cluster = await attachCluster(answer.dir, { borrow: true });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    giveBack();
  };
  return { cluster: { ...cluster, stop } };
}

let registry: Promise<string> | undefined;

/** `HOST:PORT` of a real registry, this file's for as long as it runs. Others had it before: use repositories of your own. */
export function sharedRegistry(): Promise<string> {
  registry ??= borrowRegistry();
  return registry;
}

async function borrowRegistry(): Promise<string> {
  const { answer } = await borrow(inject("metahubLender"), "registry", AbortSignal.timeout(firstTimeMs));
  if (!("host" in answer)) throw new ClusterError("record", `asked for a registry and got ${JSON.stringify(answer)}`);
  return answer.host;
}
