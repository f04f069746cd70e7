import { PodHandler } from "../admission/handler.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { isLabelled } from "../inventory/labelled.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { ImageForm } from "../rewriting/decide.ts";
import { PullSecrets } from "../rewriting/pull-secrets.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import type { NamespaceReach } from "../webhook/reach.ts";
import type { ReviewRoute } from "../webhook/route.ts";
import { createAdmissionServer } from "../webhook/server.ts";
import { bindingRoutes } from "./parts/bindings.ts";
import { type CallersOptions, segmentsOf, tlsOf } from "./parts/callers.ts";
import { type CertificatePlace, certificateSource, renewCertificate } from "./parts/certificates.ts";
import { openClient } from "./parts/cluster.ts";
import { decisionContext } from "./parts/decisions.ts";
import { drainAtEnd } from "./parts/drain.ts";
import { followCluster, followFolder, showInventory } from "./parts/inventory.ts";
import type { Lifecycle } from "./parts/lifecycle.ts";
import { serve } from "./parts/listen.ts";
import { createMetrics } from "./parts/metrics.ts";
import { followNamespaces, type NamespaceRules } from "./parts/namespaces.ts";
import { type NoteOptions, openNoteKeys } from "./parts/note-keys.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { readyWhenSynced } from "./parts/ready.ts";
import { openRegistries, ownCredentials, type RegistriesOptions } from "./parts/registries.ts";
import { type WatchObserver, watchObserver } from "./parts/watching.ts";

export interface WebhookOptions {
  /** Both servers listen on it. */
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  readonly kubeconfig?: string | undefined;
  /** A folder of Nodes and MachineTypes, instead of a cluster's. Then nobody binds. */
  readonly inventoryFolder?: string | undefined;
  readonly certificate: CertificatePlace;
  readonly callers: CallersOptions;
  /** The webhook configurations of this name are told the certificate authority. */
  readonly webhookConfiguration?: string | undefined;
  readonly registries: RegistriesOptions;
  /** Tells whether the Secrets of a namespace may be read, for the imagePullSecrets of its Pods. */
  readonly mayReadSecrets: (namespace: string) => boolean;
  readonly namespaces: NamespaceRules;
  readonly imageForm: ImageForm;
  readonly notes: NoteOptions;
  /** Longest time for the review of a Pod, ms. */
  readonly podReviewMs: number;
  /** Reviews under way at once. */
  readonly concurrency: number;
  readonly atBinding: boolean;
  /** Writes of Pods at binding that are under way at once. */
  readonly bindingWrites: number;
  readonly drainMs: number;
  readonly logLevel: LogLevel;
  /** Called once both servers listen. */
  readonly onListening: (ports: { readonly webhook: number; readonly health: number }) => void;
}

/** Serves the admission webhook until the signal aborts. @throws what kept it from starting, or from going on */
export function runWebhook(options: WebhookOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, inventoryFolder, webhookConfiguration, atBinding, logLevel } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const metrics = createMetrics(metricsRegistry);
    const observe = watchObserver(log, metrics.watches);
    const needsCluster = inventoryFolder === undefined || options.certificate.kind === "secret";
    const client = needsCluster ? await openClient(life, options.kubeconfig, env) : undefined;
    const registry = await openRegistries(life, options.registries);
    const inventory =
      inventoryFolder === undefined
        ? followCluster(life, client, observe)
        : await followFolder(life, inventoryFolder, log);
    showInventory(life, inventory, metrics.inventory);

    const source = certificateSource({ place: options.certificate, webhookConfiguration, atBinding }, client, log);
    const certificate = await source.obtain(life.signal);
    metrics.certificates.show(certificate);
    const clusters = inventoryFolder === undefined ? client : undefined;
    const { reach, synced } = followNamespaces(life, options.namespaces, clusters, { observe, log });
    const routes = await reviewRoutes(options, {
      reach,
      life,
      client,
      registry,
      inventory,
      metrics,
      observe,
      log,
      env,
    });
    const { concurrency, callers } = options;
    const server = createAdmissionServer({
      routes,
      tls: { certificate, ...(await tlsOf(callers)) },
      ...(await segmentsOf(callers)),
      metrics: metrics.reviews,
      log,
      concurrency,
    });
    renewCertificate(life, { source, server, metrics: metrics.certificates, log });

    const takenAdvice = "end it, or choose another with --port";
    const webhook = await serve(life, server, { address, port: options.port, portFlag: "--port", takenAdvice });
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    drainAtEnd(life, { server, health, drainMs: options.drainMs, log });
    const everything = Promise.all([inventory.synced, synced]).then(() => undefined);
    readyWhenSynced({ inventory: { synced: everything }, health, log, signal: life.signal });
    options.onListening({ webhook, health: healthPort });
  });
}

interface Opened {
  readonly reach: NamespaceReach;
  readonly life: Lifecycle;
  readonly client: KubernetesClient | undefined;
  readonly registry: RegistryClient;
  readonly inventory: Inventory;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly observe: WatchObserver;
  readonly log: Logger;
  readonly env: ProgramContext["env"];
}

/** The routes of the two moments of a Pod: its admission, and its binding where somebody binds. */
async function reviewRoutes(options: WebhookOptions, opened: Opened): Promise<Readonly<Record<string, ReviewRoute>>> {
  const { life, client, registry, inventory, reach, metrics, observe, log } = opened;
  const { registries, imageForm, mayReadSecrets: mayRead, bindingWrites: writes } = options;
  const atBinding = options.atBinding && options.inventoryFolder === undefined;
  const context = decisionContext({
    inventory,
    registry,
    allowedRegistries: registries.allowed,
    pullSecrets: client && new PullSecrets({ client, mayRead, log }),
    credentials: await ownCredentials(registries, opened.env),
    imageForm,
    atBinding,
    noteKeys: await openNoteKeys(options.notes, log),
  });
  const pods = new PodHandler({
    context,
    reach,
    unprovenNotes: options.notes.unproven,
    metrics: metrics.admission,
    log,
    now: () => new Date(),
    steering: { labelled: (landing) => isLabelled(landing, inventory.snapshot()) },
  });
  // Pods' owners need not wait as long as bindings may.
  const admission = { "/mutate/pods": { handler: pods, limitMs: options.podReviewMs } };
  if (!atBinding || client === undefined) return admission;
  const binding = { client, inventory, context, reach, writes, metrics: metrics.bindings, observe, log };
  return { ...admission, ...bindingRoutes(life, binding) };
}
