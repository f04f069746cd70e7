import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "../../cluster/cluster.ts";
import { endProcesses } from "../../cluster/end-run.ts";
import { checkHealth } from "../../cluster/health.ts";
import { freePorts } from "../../cluster/ports.ts";
import { startProcess } from "../../cluster/run.ts";
import { readProcessRecords } from "../../cluster/run-record.ts";
import { waitUntil } from "../../cluster/wait.ts";

/**
 * Another kube-scheduler of the same name beside a local cluster's own, without a leader's election between them: each
 * binds every Pod. So do, for a moment, an old leader with a binding under way and the new one. Resolves when it
 * schedules; returns what ends it.
 */
export async function startSecondScheduler({ dir, logs }: Cluster, signal: AbortSignal): Promise<() => Promise<void>> {
  const first = readProcessRecords(dir).find(({ name }) => name === "kube-scheduler");
  if (first === undefined) throw new Error(`${dir} does not say how its scheduler was started`);
  const [port = 0] = await freePorts(1);
  const args = first.args.map((arg) => (arg.startsWith("--secure-port=") ? `--secure-port=${port}` : arg));
  const started = await startProcess({ dir, logs }, { ...first, name: "kube-scheduler-second", args });
  const authority = await readFile(join(dir, "pki", "ca.crt"), "utf8");
  await waitUntil({
    what: "the second scheduler",
    timeoutMs: 30_000,
    signal,
    process: started,
    check: (each) => checkHealth(`https://127.0.0.1:${port}/readyz`, authority, each),
  });
  return () => endProcesses([started.record]);
}
