import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ClusterError } from "./error.ts";

/** What a cluster's folder says about the cluster, so that another process can use it. */
const ClusterDescription = z.object({
  provider: z.enum(["existing", "kind", "local"]),
  level: z.enum(["api", "nodes"]),
  kubeconfig: z.string(),
  server: z.string(),
  hostAddress: z.string().optional(),
  registry: z.string().optional(),
  /** Names of real nodes whose container runtime this harness configures. */
  nodes: z.array(z.string()),
});
export type ClusterDescription = z.infer<typeof ClusterDescription>;

const file = "cluster.json";

/** Written last, when the cluster is ready. */
export function writeDescription(dir: string, description: ClusterDescription): void {
  const draft = join(dir, `${file}.draft`);
  writeFileSync(draft, `${JSON.stringify(description, undefined, 2)}\n`);
  renameSync(draft, join(dir, file));
}

/** @throws ClusterError `RECORD` when the folder holds no cluster that became ready. */
export function readDescription(dir: string): ClusterDescription {
  try {
    return ClusterDescription.parse(JSON.parse(readFileSync(join(dir, file), "utf8")));
  } catch (error) {
    throw new ClusterError("RECORD", `${dir} holds no test cluster that is ready`, { cause: error });
  }
}
