import { PodHandler } from "../admission/handler.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { isLabelled } from "../inventory/labelled.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { SecretName } from "../kubernetes/secrets/secret.ts";
import type { ListRules } from "../lists/power.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { ImageForm } from "../rewriting/decide.ts";
import { PullSecrets } from "../rewriting/pull-secrets.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import type { NamespaceReach } from "../webhook/reach.ts";
import type { ReviewRoute } from "../webhook/route.ts";
import { createAdmissionServer } from "../webhook/server.ts";
import { bindingRoutes } from "./parts/bindings.ts";
import { type CallersOptions, tlsOf } from "./parts/callers.ts";
import { type CertificatePlace, certificateSource, renewCertificate } from "./parts/certificates.ts";
import { mustHave, openClient } from "./parts/cluster.ts";
import { decisionContexts } from "./parts/decisions.ts";
import { drainAtEnd } from "./parts/drain.ts";
import { followCluster, followFolder, showInventory } from "./parts/inventory.ts";
import { FollowedKeys } from "./parts/keys.ts";
import type { Lifecycle } from "./parts/lifecycle.ts";
import { serve } from "./parts/listen.ts";
import { type FollowedLists, followListFolder, followLists } from "./parts/lists.ts";
import { createMetrics } from "./parts/metrics.ts";
import { followNamespaces, type NamespaceRules } from "./parts/namespaces.ts";
import { type NoteOptions, openNoteKeys } from "./parts/note-keys.ts";
import { answeredPaths } from "./parts/path-segments.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { readyWhenSynced } from "./parts/ready.ts";
import { openRegistries, ownCredentials, type RegistriesOptions } from "./parts/registries.ts";
import { followSecret } from "./parts/secrets.ts";
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
  /** Secret segments that paths begin with, one a line; beside those of the keys. */
  readonly pathSegmentFile?: string | undefined;
  /** Where `metahub keeper` keeps the path segments and the keys that prove notes. */
  readonly keys?: SecretName | undefined;
  readonly registries: RegistriesOptions;
  /** Tells whether the Secrets of a namespace may be read, for the imagePullSecrets of its Pods. */
  readonly mayReadSecrets: (namespace: string) => boolean;
  readonly namespaces: NamespaceRules;
  /** The powers of tenants' manifest lists. */
  readonly lists: ListRules;
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
  readonly onListening: (listening: WebhookListening) => void;
}

/** Where it listens. */
export interface WebhookListening {
  readonly webhook: number;
  readonly health: number;
  /** The segment that it made itself, and that paths must begin with: to be told to who configures the API server. */
  readonly segment: string | undefined;
}

/** Serves the admission webhook until the signal aborts. @throws what kept it from starting, or from going on */
export function runWebhook(options: WebhookOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, inventoryFolder, logLevel } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const metrics = createMetrics(metricsRegistry);
    const observe = watchObserver(log, metrics.watches);
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    const needsCluster =
      inventoryFolder === undefined || options.certificate.kind === "secret" || options.keys !== undefined;
    const client = needsCluster ? await openClient(life, options.kubeconfig, env) : undefined;
    const registry = await openRegistries(life, options.registries);
    const inventory =
      inventoryFolder === undefined
        ? followCluster(life, client, observe)
        : await followFolder(life, inventoryFolder, log);
    showInventory(life, inventory, metrics.inventory);
    const lists =
      inventoryFolder === undefined
        ? followLists(life, mustHave(client), options.lists, { observe, log, metrics: metrics.lists })
        : await followListFolder(life, inventoryFolder, { log, metrics: metrics.lists });

    const followed = (named: SecretName) => followSecret(life, mustHave(client), named, { observe, log });
    const keys = options.keys && new FollowedKeys(await followed(options.keys), log);
    life.atEnd("the keys", () => keys?.close());
    const paths = await answeredPaths({
      file: options.pathSegmentFile,
      keys,
      folder: options.certificate.kind === "folder" ? options.certificate.folder : undefined,
      onRefused: () => metrics.reviews.unknownPaths.inc(),
    });
    health.setKnows((hash) => paths.segments.knows(hash));
    const source = await certificateSource(options.certificate, { log, followed });
    const certificate = await source.obtain(life.signal);
    await keys?.there(life.signal);
    metrics.certificates.show(certificate);
    const clusters = inventoryFolder === undefined ? client : undefined;
    const { reach, synced } = followNamespaces(life, options.namespaces, clusters, { observe, log });
    const routes = await reviewRoutes(options, {
      reach,
      life,
      client,
      registry,
      inventory,
      lists,
      keys,
      metrics,
      observe,
      log,
      env,
    });
    const { concurrency, callers } = options;
    const server = createAdmissionServer({
      routes,
      tls: { certificate, ...(await tlsOf(callers)) },
      pathSegments: paths.segments,
      metrics: metrics.reviews,
      log,
      concurrency,
    });
    renewCertificate(life, { source, server, metrics: metrics.certificates, log });

    const takenAdvice = "end it, or choose another with --port";
    const webhook = await serve(life, server, { address, port: options.port, portFlag: "--port", takenAdvice });
    drainAtEnd(life, { server, health, drainMs: options.drainMs, log });
    const everything = Promise.all([inventory.synced, lists.synced, synced]).then(() => undefined);
    readyWhenSynced({ inventory: { synced: everything }, health, log, signal: life.signal });
    options.onListening({ webhook, health: healthPort, segment: paths.made });
  });
}

interface Opened {
  readonly reach: NamespaceReach;
  readonly life: Lifecycle;
  readonly client: KubernetesClient | undefined;
  readonly registry: RegistryClient;
  readonly inventory: Inventory;
  readonly lists: FollowedLists;
  readonly keys: FollowedKeys | undefined;
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
  const contexts = decisionContexts({
    inventory,
    lists: opened.lists.listed,
    registry,
    allowedRegistries: registries.allowed,
    pullSecrets: client && new PullSecrets({ client, mayRead, log }),
    credentials: await ownCredentials(registries, { env: opened.env, log }),
    imageForm,
    atBinding,
    noteKeys: await openNoteKeys(options.notes, opened.keys, log),
  });
  opened.lists.keepStatus(contexts.entries);
  const pods = new PodHandler({
    context: contexts.admission,
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
  const binding = {
    client,
    inventory,
    context: contexts.binding,
    reach,
    writes,
    metrics: metrics.bindings,
    observe,
    log,
  };
  return { ...admission, ...bindingRoutes(life, binding) };
}
