import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { Controller } from "../controller/machine-types/controller.ts";
import { HealthServer } from "../http/health.ts";
import { ClusterInventory } from "../inventory/cluster.ts";
import { LeaderElection } from "../kubernetes/election/leader-election.ts";
import { EventRecorder } from "../kubernetes/events/recorder.ts";
import type { CommandContext, ExitCode } from "../process/context.ts";
import { keepHeapSmall } from "../process/heap.ts";
import { createLogger, type Logger, logLevels } from "../telemetry/log.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { connect } from "./parts/cluster.ts";
import { listenHealth } from "./parts/listen.ts";
import { splitName } from "./parts/split-name.ts";
import { watchObserver } from "./parts/watching.ts";
import { followPods } from "./waiting-pods.ts";

const optionsSchema = z.object({
  healthPort: z.number(),
  address: z.string(),
  kubeconfig: z.string().optional(),
  lease: z.string().optional(),
  nodeLabels: z.enum(["true", "false"]),
  restoreAfter: z.number(),
  logLevel: z.enum(logLevels),
});

/** `metahub controller`: works until the signal aborts. Rejects where it cannot begin. */
export async function serveController(given: unknown, context: CommandContext): Promise<ExitCode> {
  keepHeapSmall();
  const options = optionsSchema.parse(given);
  const lease = options.lease === undefined ? undefined : splitName(options.lease, "--lease");
  const log = createLogger(options.logLevel);
  const metrics = createMetrics();
  const { signal } = context;
  const client = await connect(options.kubeconfig, context);
  const closers: (() => Promise<void>)[] = [() => client.close()];
  try {
    const health = new HealthServer(metrics);
    const healthPort = await listenHealth(health, options.healthPort, options.address);
    closers.push(() => health.close());
    const observe = watchObserver(log, metrics);
    const inventory = new ClusterInventory({ client, observe });
    closers.push(() => inventory.close());
    const events = new EventRecorder({ client, controller: "metahub.dev/controller", instance: hostname() });
    closers.push(() => events.close(AbortSignal.timeout(2_000)));
    const controller = new Controller({
      inventory,
      client,
      events,
      labelNodes: options.nodeLabels === "true",
      metrics,
      log,
      now: () => new Date(),
    });
    const { restoreAfter } = options;
    // Where nothing is chosen at binding there is nothing to restore and nothing to check, and no right to Pods.
    const pods =
      restoreAfter === 0
        ? undefined
        : followPods({ client, inventory, events, metrics, log, observe, restoreAfterMs: restoreAfter });
    if (pods !== undefined) closers.push(() => pods.close());
    const work = async (until: AbortSignal): Promise<void> => {
      await Promise.all([controller.run(until), pods?.lead(until)]);
    };
    context.stdout.write(`metahub controller runs (health and metrics: http://${options.address}:${healthPort})\n`);
    const ready = inventory.synced.then(() => health.setReady(true));
    ready.catch((error: unknown) => signal.aborted || log.error({ error }, "nodes and machine types cannot be read"));
    await (lease === undefined ? work(signal) : lead(lease, log));
    return 0;

    async function lead(name: { namespace: string; name: string }, log: Logger): Promise<void> {
      const identity = `${hostname()}_${randomBytes(4).toString("hex")}`;
      const election = new LeaderElection({
        client,
        ...name,
        identity,
        observe: (event) => log.info({ lease: options.lease, ...event }, "leader election"),
      });
      await election.run(signal, (leading) => work(leading));
    }
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
