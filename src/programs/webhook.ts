import { z } from "zod";
import { PodHandler } from "../admission/handler.ts";
import type { ReselectContext } from "../binding/reselection.ts";
import { parseDockerConfig } from "../credentials/docker-config.ts";
import { type CredentialSource, hostConfigSource, Keyring } from "../credentials/keyring.ts";
import { HealthServer } from "../http/health.ts";
import { ClusterInventory } from "../inventory/cluster.ts";
import { FileInventory } from "../inventory/files.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { isLabelled } from "../inventory/labelled.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { CommandContext, ExitCode } from "../process/context.ts";
import { readFlag, UsageError } from "../process/failure.ts";
import { keepHeapSmall } from "../process/heap.ts";
import { readRequired } from "../process/read-required.ts";
import { version } from "../process/version.ts";
import { RegistryClient } from "../registry/client.ts";
import { hostMatcher } from "../registry/hosts.ts";
import { ImageSource } from "../registry/images.ts";
import { parseMirrors } from "../registry/mirrors.ts";
import type { DecisionContext } from "../rewriting/decide.ts";
import { ReselectMemory } from "../rewriting/memory.ts";
import { PullSecrets } from "../rewriting/pull-secrets.ts";
import { Selections } from "../rewriting/selections.ts";
import { createLogger, type Logger, logLevels } from "../telemetry/log.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { aborted } from "../time/aborted.ts";
import { systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { AdmissionServer, type ReviewHandler } from "../webhook/server.ts";
import { followBindings } from "./bindings.ts";
import { certificateSource } from "./parts/certificates.ts";
import { connect } from "./parts/cluster.ts";
import { listenHealth } from "./parts/listen.ts";
import { watchObserver } from "./parts/watching.ts";

const optionsSchema = z.object({
  port: z.number(),
  healthPort: z.number(),
  address: z.string(),
  kubeconfig: z.string().optional(),
  inventory: z.string().optional(),
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  tlsSecret: z.string().optional(),
  tlsDir: z.string().optional(),
  tlsHost: z.array(z.string()),
  webhookConfiguration: z.string().optional(),
  allowRegistry: z.array(z.string()),
  plainHttp: z.array(z.string()),
  mirror: z.array(z.string()),
  registryCaFile: z.string().optional(),
  dockerConfig: z.string().optional(),
  pullSecrets: z.enum(["none", "namespaces", "cluster"]),
  pullSecretNamespace: z.array(z.string()),
  imageForm: z.enum(["digest", "tagAndDigest"]),
  deadline: z.number(),
  concurrency: z.number(),
  atBinding: z.enum(["true", "false"]),
  bindingWrites: z.number().min(1),
  drain: z.number(),
  logLevel: z.enum(logLevels),
});
export type WebhookOptions = z.infer<typeof optionsSchema>;

/** `metahub webhook`: serves until the signal aborts. Rejects where it cannot begin. */
export async function serveWebhook(given: unknown, context: CommandContext): Promise<ExitCode> {
  keepHeapSmall();
  const options = optionsSchema.parse(given);
  const log = createLogger(options.logLevel);
  const metrics = createMetrics();
  const { signal } = context;
  if (options.inventory !== undefined && options.pullSecrets !== "none") {
    throw new UsageError("--pull-secrets needs a cluster, and --inventory is there to do without one");
  }
  const needsCluster = options.inventory === undefined || options.tlsSecret !== undefined;
  const client = needsCluster ? await connect(options.kubeconfig, context) : undefined;
  const registry = await openRegistry(options);
  const closers: (() => Promise<void>)[] = [() => registry.close()];
  if (client !== undefined) closers.push(() => client.close());
  try {
    const inventory = openInventory(options, client, log, metrics);
    closers.push(() => inventory.close());
    if (options.inventory !== undefined) await inventory.synced; // A mistake in a file should be seen at once.
    const off = inventory.onChange((snapshot) => {
      metrics.nodes.set(snapshot.nodes.size);
      metrics.machineTypes.set(snapshot.machineTypes.size);
      metrics.profiles.set(snapshot.profiles);
    });
    closers.push(async () => off());
    const source = certificateSource(options, client, log);
    const certificate = await source.obtain(signal);
    metrics.certificateExpiry.set(certificate.notAfter.getTime() / 1000);
    const decisions = await decisionContext(options, inventory, registry, client, log, context);
    const handler = within(
      options.deadline,
      new PodHandler({
        context: decisions,
        metrics,
        log,
        now: () => new Date(),
        steering: { labelled: (landing) => isLabelled(landing, inventory.snapshot()) },
      }),
    );
    const bindings =
      decisions.atBinding && client !== undefined
        ? followBindings({ client, inventory, context: decisions, writes: options.bindingWrites, metrics, log })
        : undefined;
    if (bindings !== undefined) closers.push(() => bindings.close());
    const server = new AdmissionServer({
      handlers: { "/mutate/pods": handler, ...bindings?.handlers },
      certificate,
      metrics,
      log,
      concurrency: options.concurrency,
    });
    const watching = new AbortController();
    const watched = source.watch({
      signal: watching.signal,
      install: (renewed) => {
        server.setCertificate(renewed);
        metrics.certificateExpiry.set(renewed.notAfter.getTime() / 1000);
        log.info({ notAfter: renewed.notAfter }, "serving another certificate");
      },
      report: (error) => log.error({ error }, "the serving certificate cannot be kept current"),
    });
    closers.push(async () => {
      watching.abort();
      await watched;
    });
    const health = new HealthServer(metrics);
    const port = await server.listen(options.port, options.address);
    closers.push(() => server.close());
    const healthPort = await listenHealth(health, options.healthPort, options.address);
    closers.push(() => health.close());
    inventory.synced.then(
      () => {
        health.setReady(true);
        log.info("ready: nodes and machine types are known");
      },
      (error: unknown) => signal.aborted || log.error({ error }, "nodes and machine types cannot be read"),
    );
    context.stdout.write(
      `metahub webhook listens on https://${options.address}:${port} (health and metrics: http://${options.address}:${healthPort})\n`,
    );
    await aborted(signal);
    health.setReady(false);
    server.drain();
    if (options.drain > 0) await new Promise((resolve) => setTimeout(resolve, options.drain));
    log.info("ending: reviews under way are finished");
    return 0;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The API server says with each request how long it waits; Pods' owners need not wait as long as bindings may. */
function within(ms: number, handler: ReviewHandler): ReviewHandler {
  return {
    async handle(request, signal) {
      const deadline = new Deadline(systemClock, signal, "the review", ms);
      try {
        return await handler.handle(request, deadline.signal);
      } finally {
        deadline.end();
      }
    },
  };
}

function openInventory(
  options: WebhookOptions,
  client: KubernetesClient | undefined,
  log: Logger,
  metrics: Metrics,
): Inventory {
  if (options.inventory !== undefined) {
    return new FileInventory({
      folder: options.inventory,
      onError: (error) => log.error({ error }, "the inventory folder cannot be used; what was read before stays"),
    });
  }
  if (client === undefined) throw new UsageError("give --kubeconfig or --inventory");
  return new ClusterInventory({ client, observe: watchObserver(log, metrics) });
}

async function openRegistry(options: WebhookOptions): Promise<RegistryClient> {
  const ca =
    options.registryCaFile === undefined ? undefined : await readRequired(options.registryCaFile, "--registry-ca-file");
  const mirrors = readFlag(() => parseMirrors(options.mirror));
  return new RegistryClient({
    allowedRegistries: hostMatcher(options.allowRegistry),
    plainHttp: hostMatcher([...options.plainHttp, ...mirrors.plainHttp]),
    mirrors: mirrors.hosts,
    userAgent: `metahub/${version}`,
    ...(ca === undefined ? {} : { ca }),
  });
}

async function decisionContext(
  options: WebhookOptions,
  inventory: Inventory,
  registry: RegistryClient,
  client: KubernetesClient | undefined,
  log: Logger,
  context: Pick<CommandContext, "env">,
): Promise<DecisionContext & ReselectContext> {
  const memory = new ReselectMemory();
  const images = new ImageSource(registry);
  const selections = new Selections();
  const mayAsk = hostMatcher(options.allowRegistry);
  const own: CredentialSource[] = [];
  if (options.dockerConfig !== undefined) {
    const text = await readRequired(options.dockerConfig, "--docker-config");
    own.push(hostConfigSource(parseDockerConfig(text, options.dockerConfig), { env: context.env }));
  }
  const mayRead = namespaceRule(options);
  const pullSecrets = client === undefined ? undefined : new PullSecrets({ client, mayRead, log });
  return {
    place: (pod) => inventory.snapshot()?.placement.place(pod).profiles,
    allocatedResources: () => inventory.snapshot()?.allocatedResources ?? new Set(),
    lookup: async (reference, pod, namespace, signal) => {
      const ofPod = await pullSecrets?.of(pod, namespace, signal);
      const keyring = new Keyring(ofPod === undefined ? own : [ofPod, ...own]);
      const image = await images.lookupWith(reference, { keyring, signal });
      memory.put(reference, pod, namespace, image);
      return image;
    },
    remembered: (reference, digest, pod, namespace) => memory.get(reference, digest, pod, namespace),
    judge: (image, landings, how) => selections.judge(image, landings, how),
    mayAsk,
    imageForm: options.imageForm,
    // Without a cluster nobody binds.
    atBinding: options.atBinding === "true" && options.inventory === undefined,
  };
}

function namespaceRule({ pullSecrets, pullSecretNamespace }: WebhookOptions): (namespace: string) => boolean {
  if (pullSecrets === "cluster") return () => true;
  const namespaces = new Set(pullSecrets === "namespaces" ? pullSecretNamespace : []);
  return (namespace) => namespaces.has(namespace);
}
