import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { Controller } from "../controller/machine-types/controller.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { LeaderElection } from "../kubernetes/election/leader-election.ts";
import { EventRecorder } from "../kubernetes/events/recorder.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import { openClient } from "./parts/cluster.ts";
import { followCluster } from "./parts/inventory.ts";
import { serve } from "./parts/listen.ts";
import { createMetrics } from "./parts/metrics.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { readyWhenSynced } from "./parts/ready.ts";
import { followPods } from "./parts/waiting-pods.ts";
import { watchObserver } from "./parts/watching.ts";

/** The name of a Lease. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

export interface ControllerProgramOptions {
  readonly address: string;
  readonly healthPort: number;
  readonly kubeconfig?: string | undefined;
  /** Elects a leader. Absent: this process just leads. */
  readonly lease?: LeaseName | undefined;
  readonly labelNodes: boolean;
  /** When a Pod that was written at binding and is still unbound gets back what it had, ms. 0: Pods are not followed. */
  readonly restoreAfterMs: number;
  readonly logLevel: LogLevel;
  /** Called once the health server listens. */
  readonly onListening: (ports: { readonly health: number }) => void;
}

/** A leader that must stop may take 10 s (LeaderElection's `stopMs`), and 3 s more to give the Lease back. */
const leaderEndMs = 15_000;

/** Works until the signal aborts. @throws what kept it from starting, or from going on */
export function runController(options: ControllerProgramOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, labelNodes, restoreAfterMs, lease, logLevel } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const metrics = createMetrics(metricsRegistry);
    const observe = watchObserver(log, metrics.watches);
    const client = await openClient(life, options.kubeconfig, env);
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    const inventory = followCluster(life, client, observe);
    const events = new EventRecorder({ client, controller: "metahub.dev/controller", instance: hostname() });
    life.atEnd("sending Events", () => events.close(AbortSignal.timeout(2_000)));
    const shared = { client, inventory, events, metrics: metrics.controller, log };
    const controller = new Controller({ ...shared, labelNodes, now: () => new Date() });
    // Where nothing is chosen at binding there is nothing to restore and nothing to check, and no right to Pods.
    const pods = restoreAfterMs === 0 ? undefined : followPods(life, { ...shared, observe, restoreAfterMs });
    const lead = async (until: AbortSignal): Promise<void> => {
      await Promise.all([controller.run(until), pods?.lead(until)]);
    };
    options.onListening({ health: healthPort });
    readyWhenSynced({ inventory, health, log, signal: life.signal });
    const work = lease === undefined ? lead : electedWork(client, lease, log, lead);
    life.run("the leader's work", work, leaderEndMs);
  });
}

/** Work that only the leader does, whenever this process is the leader. */
function electedWork(
  client: KubernetesClient,
  lease: LeaseName,
  log: Logger,
  lead: (until: AbortSignal) => Promise<void>,
): (signal: AbortSignal) => Promise<void> {
  const election = new LeaderElection({
    client,
    ...lease,
    identity: `${hostname()}_${randomBytes(4).toString("hex")}`,
    observe: (event) => log.info({ lease: `${lease.namespace}/${lease.name}`, ...event }, "leader election"),
  });
  return (signal) => election.run(signal, lead);
}
