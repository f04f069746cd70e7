import { authorityLifetimeMs, certificateLifetimeMs } from "../certificates/folder.ts";
import { CertificateDuty } from "../keeper/certificate-duty.ts";
import { type ConfigurationName, Configurations } from "../keeper/configurations.ts";
import type { KeeperContext } from "../keeper/context.ts";
import { Keeper } from "../keeper/keeper.ts";
import { KeyDuty } from "../keeper/key-duty.ts";
import { createKeeperMetrics } from "../keeper/metrics.ts";
import { PathDuty } from "../keeper/path-duty.ts";
import { type ServiceName, ServiceReplicas } from "../keeper/replicas.ts";
import { TokenKeyDuty } from "../keeper/token-key-duty.ts";
import { watchKept } from "../keeper/watches.ts";
import { Writes } from "../keeper/writes.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { createWatchMetrics } from "../kubernetes/reflector/metrics.ts";
import type { SecretName } from "../kubernetes/secrets/secret.ts";
import { SecretStore, type SecretStoreOptions } from "../kubernetes/secrets/store.ts";
import type { LogLevel } from "../telemetry/log.ts";
import { systemClock } from "../time/clock.ts";
import { openClient } from "./parts/cluster.ts";
import { serve } from "./parts/listen.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { watchObserver } from "./parts/watching.ts";

export interface KeeperProgramOptions {
  readonly address: string;
  readonly healthPort: number;
  readonly kubeconfig?: string | undefined;
  /** Absent: somebody else keeps authority and certificate. */
  readonly certificates?: KeptSecrets | undefined;
  /** The Secret of path segments and note keys. */
  readonly keys: SecretName;
  /** The Secret of the keys that sign the filtering registry's tokens; absent where there is none. */
  readonly tokenKeys?: SecretName | undefined;
  /** The name of the webhook configurations. */
  readonly configuration: string;
  /** Their name in an earlier version, without path segments: kept for a path's life, then removed. */
  readonly formerConfiguration?: string | undefined;
  readonly atBinding: boolean;
  /** Whose replicas must know a path before a configuration names it. Absent: the API server calls a URL. */
  readonly service?: ServiceName | undefined;
  /** How long a path is the newest, ms. */
  readonly pathLifeMs: number;
  readonly logLevel: LogLevel;
  /** Called once the health server listens. */
  readonly onListening: (ports: { readonly health: number }) => void;
}

/** Where authority and certificate are kept, and whom the certificate is for. */
export interface KeptSecrets {
  readonly authority: SecretName;
  readonly serving: SecretName;
  readonly hosts: readonly string[];
}

/** Should a watch not tell of a change, ms. */
const resyncMs = 60_000;
const labels = { "app.kubernetes.io/managed-by": "metahub", "app.kubernetes.io/part-of": "metahub" };

/** Keeps what the API server and the webhook share until the signal aborts. @throws what kept it from starting */
export function runKeeper(options: KeeperProgramOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, logLevel, certificates, pathLifeMs } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const observe = watchObserver(log, createWatchMetrics(metricsRegistry));
    const metrics = createKeeperMetrics(metricsRegistry);
    const client = await openClient(life, options.kubeconfig, env);
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    const shared: KeeperContext = {
      configurations: new Configurations(client),
      metrics,
      writes: new Writes(metrics),
      log,
      clock: systemClock,
    };
    const store = (named: SecretName, type: SecretStoreOptions["type"] = "Opaque"): SecretStore =>
      new SecretStore({ client, ...named, type, labels, fieldManager: "metahub-keeper" });
    const keeper = new Keeper({
      ...shared,
      certificates:
        certificates &&
        new CertificateDuty({
          ...shared,
          authority: store(certificates.authority),
          serving: store(certificates.serving, "kubernetes.io/tls"),
          hosts: certificates.hosts,
          authorityLifetimeMs,
          certificateLifetimeMs,
        }),
      keys: new KeyDuty({ ...shared, keys: store(options.keys), pathLifeMs }),
      paths: new PathDuty({ ...shared, replicas: replicasOf(client, options), pathLifeMs }),
      tokenKeys: options.tokenKeys && new TokenKeyDuty({ ...shared, keys: store(options.tokenKeys) }),
      current: configurationsOf(options.configuration, options.atBinding),
      former: options.formerConfiguration === undefined ? [] : configurationsOf(options.formerConfiguration, true),
      resyncMs,
    });
    const secrets = [
      options.keys,
      ...(options.tokenKeys === undefined ? [] : [options.tokenKeys]),
      ...(certificates === undefined ? [] : [certificates.authority, certificates.serving]),
    ];
    const kept = { secrets, configurations: configurationsOf(options.configuration, options.atBinding) };
    life.run("watching what is kept", (until) => watchKept(client, kept, () => keeper.notice(), observe, until));
    options.onListening({ health: healthPort });
    const onKept = (): void => {
      health.setReady(true);
      log.info("ready: all is kept");
    };
    life.run("keeping", (until) => keeper.run(until, onKept));
  });
}

function replicasOf(client: KubernetesClient, { service }: KeeperProgramOptions): ServiceReplicas | undefined {
  return service === undefined ? undefined : new ServiceReplicas(client, service);
}

function configurationsOf(name: string, atBinding: boolean): readonly ConfigurationName[] {
  const pods: ConfigurationName = { kind: "MutatingWebhookConfiguration", name };
  return atBinding ? [pods, { kind: "ValidatingWebhookConfiguration", name }] : [pods];
}
