/**
 * For `globalSetup` of vitest's integration project: owns what `sharedCluster` and `sharedRegistry` hand to test files,
 * and ends it after the last of them.
 */
import type { TestProject } from "vitest/node";
import type { Cluster } from "./cluster.ts";
import { type Distribution, startDistribution } from "./distribution.ts";
import { openLender } from "./lender.ts";
import { requireLevel } from "./require.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where test files ask for what they share. */
    metahubLender: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const ended = new AbortController();
  const { signal } = ended;
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const clusters: Cluster[] = [];
  const registries: Distribution[] = [];
  const lender = await openLender(async (what) => {
    if (what === "registry") {
      const registry = await startDistribution({ signal, progress });
      registries.push(registry);
      return { host: registry.host };
    }
    const found = await requireLevel({ level: what, signal, progress, tools: ["kubectl", "helm", "registry"] });
    if ("skip" in found) return found;
    clusters.push(found.cluster);
    return { dir: found.cluster.dir };
  });
  project.provide("metahubLender", lender.url);
  return async () => {
    ended.abort();
    await lender.close();
    await Promise.all([...clusters, ...registries].map((one) => one.stop()));
  };
}
