import type { HttpServer, TlsOptions } from "../http/server.ts";
import { createWatchMetrics } from "../kubernetes/reflector/metrics.ts";
import type { FollowedSecret } from "../kubernetes/secrets/follow.ts";
import type { SecretName } from "../kubernetes/secrets/secret.ts";
import { ListedImages } from "../lists/listed-images.ts";
import { createListMetrics } from "../lists/metrics.ts";
import { noPowers } from "../lists/power.ts";
import { UsageError } from "../process/failure.ts";
import { collectEach } from "../process/heap.ts";
import { readRequired } from "../process/read-required.ts";
import { ClusterRecord } from "../proxy/cluster-record.ts";
import type { ProxyConfig } from "../proxy/config.ts";
import { Door } from "../proxy/door.ts";
import type { ProxyError } from "../proxy/error.ts";
import { FileRecord } from "../proxy/file-record.ts";
import { IndexMaker } from "../proxy/index-maker.ts";
import { ledForm } from "../proxy/led-line.ts";
import { ListRecord } from "../proxy/list-record.ts";
import { ListedNames } from "../proxy/listed-names.ts";
import { MadeIndexes } from "../proxy/made-indexes.ts";
import { madeForm } from "../proxy/made-record.ts";
import { Manifests } from "../proxy/manifests.ts";
import { createProxyMetrics } from "../proxy/metrics.ts";
import { PullApi } from "../proxy/pull-api.ts";
import { createProxyServer } from "../proxy/server.ts";
import type { RecordForm, SharedRecord } from "../proxy/shared-record.ts";
import { ImageSource } from "../registry/images.ts";
import { Selections } from "../rewriting/selections.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import { type CertificatePlace, certificateSource, renewCertificate } from "./parts/certificates.ts";
import { mustHave, openClient } from "./parts/cluster.ts";
import { drainAtEnd } from "./parts/drain.ts";
import { clusterHub } from "./parts/hub-cluster.ts";
import { folderHub } from "./parts/hub-folder.ts";
import type { Lifecycle } from "./parts/lifecycle.ts";
import { serve } from "./parts/listen.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { readyWhenSynced } from "./parts/ready.ts";
import { followSecret } from "./parts/secrets.ts";
import { openUpstreams, type PreparedSettings, prepareSettings, type UpstreamFlags } from "./parts/upstreams.ts";
import { type WatchObserver, watchObserver } from "./parts/watching.ts";

/** Where machines, credentials and the keys of tokens come from. */
export type HubSource =
  | {
      readonly kind: "folder";
      /** Nodes, MachineTypes, MachineCredentials and a ProxyConfig. */
      readonly folder: string;
      /** Where the keys that sign tokens are kept; made where it is not there. */
      readonly keyFile: string;
    }
  | {
      readonly kind: "cluster";
      readonly kubeconfig: string | undefined;
      /** Holds a ProxyConfig. */
      readonly configFolder: string | undefined;
      /** The keys that the keeper keeps. */
      readonly tokenKeys: SecretName;
    };

/** Where indexes that were made are written down; what lists led to, beside it. A ConfigMap needs a cluster. */
export type RecordPlace =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "configMap"; readonly namespace: string; readonly name: string };

export interface ProxyOptions {
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  readonly source: HubSource;
  readonly record: RecordPlace;
  /** Absent: plain HTTP. */
  readonly certificate: CertificatePlace | undefined;
  /** As clients reach it: `https://hub.example.com`. Its host is the audience of tokens. */
  readonly externalUrl: URL;
  /** PEM: authorities that vouch for clients' certificates. Absent: none is asked for. */
  readonly clientCaFile: string | undefined;
  readonly flags: UpstreamFlags;
  /** Between the signal that ends it and the end of listening, ms. */
  readonly drainMs: number;
  /** Time that pulls under way get to finish after that, ms. */
  readonly finishMs: number;
  readonly logLevel: LogLevel;
  /** Called once both servers listen. */
  readonly onListening: (ports: { readonly proxy: number; readonly health: number }) => void;
}

/** Bytes of indexes of artifacts that are kept, parsed. */
const artifactBytes = 8 * 1_048_576;

/** Bytes of blobs between two collections of their buffers: below what a processor's second cache holds. */
const collectedBytes = 1_048_576;

/** Serves the filtering registry until the signal aborts. @throws what kept it from starting, or from going on */
export function runProxy(options: ProxyOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, externalUrl, logLevel, flags, source } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const metrics = { ...createProxyMetrics(metricsRegistry), lists: createListMetrics(metricsRegistry) };
    const folder = source.kind === "folder" ? source.folder : source.configFolder;
    const follow = {
      prepare: (config: ProxyConfig | undefined) =>
        prepareSettings(config, { flags, inventoryFolder: folder, env, log }),
      externalUrl,
      tell: { log, metrics, health },
    };
    const cluster = source.kind === "cluster" ? await openClient(life, source.kubeconfig, env) : undefined;
    // A folder is no watched resource: a metric of such would stay empty.
    const observe: WatchObserver =
      cluster === undefined ? () => undefined : watchObserver(log, createWatchMetrics(metricsRegistry));
    const followed = async (named: SecretName): Promise<FollowedSecret> => {
      if (cluster === undefined) throw new UsageError("a Secret needs a cluster");
      return await followSecret(life, cluster, named, { observe, log });
    };
    const hub =
      source.kind === "folder"
        ? await folderHub(life, { ...follow, folder: source.folder }, source.keyFile)
        : await clusterHub(life, {
            ...follow,
            client: mustHave(cluster),
            configFolder: source.configFolder,
            tokenKeys: await followed(source.tokenKeys),
            observe,
          });
    const { content, keys } = hub;
    const settings = (): PreparedSettings => content().settings;
    const client = await openUpstreams(life, flags.caFile, settings);
    const images = new ImageSource(client);
    const artifacts = new ImageSource(client, { maxBytes: artifactBytes, artifacts: true });
    const onError = (error: ProxyError): void => log.error({ error }, "the record failed");
    const closed = untilClosed(life);
    const recordAt = <T>(place: RecordPlace, form: RecordForm<T>): SharedRecord<T> => {
      if (place.kind === "file") return new FileRecord({ file: place.file, form });
      const { namespace, name } = place;
      const now = (): Date => new Date();
      return new ClusterRecord({ client: mustHave(cluster), namespace, name, form, signal: closed, now });
    };
    const lists = new ListedNames({
      listed: new ListedImages({ book: () => content().lists, powers: noPowers }),
      client,
      images,
      artifacts,
      record: new ListRecord({ record: recordAt(listPlace(options.record), ledForm), onError }),
    });
    const api = new PullApi({
      door: new Door({
        rules: () => ({
          credentials: content().credentials,
          keys: keys(),
          audience: externalUrl.host,
          anonymous: settings().anonymous,
          hints: settings().hints,
        }),
        realm: new URL("/token", externalUrl).href,
        now: () => new Date(),
        onUse: hub.used,
        log,
      }),
      settings,
      client,
      keyring: { candidates: (reference, ended) => settings().reach.keyring.candidates(reference, ended) },
      manifests: new Manifests({
        client,
        images,
        artifacts,
        lists,
        selections: new Selections(),
        snapshot: () => content().snapshot,
        maker: new IndexMaker(client, new MadeIndexes({ record: recordAt(options.record, madeForm), onError }), lists),
        answersIndex: (view) => view.kind === "machineType" && settings().answerIndex.has(view.name),
      }),
      lists,
      metrics,
      log,
      ownHost: externalUrl.hostname,
      onPassed: collectEach(collectedBytes),
    });
    const { tls, renew } = await tlsOf(life, options, { log, followed });
    const server = createProxyServer({ api, log, ...(tls === undefined ? {} : { tls }) });
    renew?.(server);
    // First, so that it ends last: it says all the time that this replica takes no more.
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    const { drainMs, finishMs: graceMs } = options;
    const proxy = await serve(life, server, { address, port: options.port, portFlag: "--port", graceMs });
    drainAtEnd(life, { server, health, drainMs, log });
    readyWhenSynced({ inventory: hub, health, log, signal: life.signal });
    options.onListening({ proxy, health: healthPort });
  });
}

/** Beside that of made indexes, for what lists lead to. */
function listPlace(place: RecordPlace): RecordPlace {
  if (place.kind === "file") return { ...place, file: `${place.file}.lists` };
  return { ...place, name: `${place.name}-lists` };
}

/** Aborts once the servers are closed: pulls that are finished at the end write down what they made, as any other. */
function untilClosed(life: Lifecycle): AbortSignal {
  const closed = new AbortController();
  life.atEnd("the record", () => closed.abort(new Error("the process ends")));
  return closed.signal;
}

interface ServedTls {
  readonly tls?: TlsOptions;
  /** Keeps the server's certificate current. */
  readonly renew?: (server: HttpServer) => void;
}

async function tlsOf(
  life: Lifecycle,
  { certificate: place, clientCaFile }: Pick<ProxyOptions, "certificate" | "clientCaFile">,
  { log, followed }: { readonly log: Logger; readonly followed: (named: SecretName) => Promise<FollowedSecret> },
): Promise<ServedTls> {
  if (place === undefined) return {};
  const authorities = clientCaFile === undefined ? undefined : await readRequired(clientCaFile, "--client-ca-file");
  const source = await certificateSource(place, { log, followed });
  const certificate = await source.obtain(life.signal);
  const metrics = { show: () => undefined };
  return {
    // Docker's and podman's older builds speak TLS 1.2.
    tls: {
      certificate,
      minVersion: "TLSv1.2",
      // Most clients have none, and log in.
      ...(authorities === undefined ? {} : { clientAuthorities: authorities, clientsMayBeUnknown: true }),
    },
    renew: (server) => renewCertificate(life, { source, server, metrics, log }),
  };
}
