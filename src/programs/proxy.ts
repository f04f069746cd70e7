import type { HealthServer } from "../http/health.ts";
import type { HttpServer, TlsOptions } from "../http/server.ts";
import { openKeyFile } from "../identity/key-file.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import { UsageError } from "../process/failure.ts";
import { readRequired } from "../process/read-required.ts";
import type { ProxyConfig } from "../proxy/config.ts";
import { Door } from "../proxy/door.ts";
import { type HubContent, HubFolder } from "../proxy/hub-folder.ts";
import { IndexMaker } from "../proxy/index-maker.ts";
import { MadeIndexes } from "../proxy/made-indexes.ts";
import { Manifests } from "../proxy/manifests.ts";
import { createProxyMetrics, type ProxyMetrics } from "../proxy/metrics.ts";
import { PullApi } from "../proxy/pull-api.ts";
import { createProxyServer } from "../proxy/server.ts";
import { ImageSource } from "../registry/images.ts";
import { Selections } from "../rewriting/selections.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import { pause, systemClock } from "../time/clock.ts";
import { type CertificatePlace, certificateSource, renewCertificate } from "./parts/certificates.ts";
import type { Lifecycle } from "./parts/lifecycle.ts";
import { serve } from "./parts/listen.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { readyWhenSynced } from "./parts/ready.ts";
import { openUpstreams, type PreparedSettings, prepareSettings, type UpstreamFlags } from "./parts/upstreams.ts";

export interface ProxyOptions {
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  /** A folder of Nodes, MachineTypes and MachineCredentials. */
  readonly inventoryFolder: string;
  /** Where the keys that sign tokens are kept; made where it is not there. */
  readonly keyFile: string;
  /** Where indexes that were made are written down. */
  readonly recordFile: string;
  /** Absent: plain HTTP. */
  readonly certificate: CertificatePlace | undefined;
  /** As clients reach it: `https://hub.example.com`. Its host is the audience of tokens. */
  readonly externalUrl: URL;
  /** PEM: authorities that vouch for clients' certificates. Absent: none is asked for. */
  readonly clientCaFile: string | undefined;
  readonly flags: UpstreamFlags;
  readonly logLevel: LogLevel;
  /** Called once both servers listen. */
  readonly onListening: (ports: { readonly proxy: number; readonly health: number }) => void;
}

/** Bytes of indexes of artifacts that are kept, parsed. */
const artifactBytes = 8 * 1_048_576;
/** Between two looks at the keys that sign tokens, ms: a new one signs ten minutes after it was made. */
const keyLookMs = 60_000;

/** Serves the filtering registry until the signal aborts. @throws what kept it from starting, or from going on */
export function runProxy(options: ProxyOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, externalUrl, logLevel, flags, inventoryFolder } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const metrics = createProxyMetrics(metricsRegistry);
    const hub = await followHub(life, {
      folder: inventoryFolder,
      prepare: (config) => prepareSettings(config, { flags, inventoryFolder, env }),
      externalUrl,
      tell: { log, metrics, health },
    });
    const content = (): HubContent<PreparedSettings> => {
      if (hub.content === undefined) throw new Error("the folder was not read yet");
      return hub.content;
    };
    const settings = (): PreparedSettings => content().settings;
    const client = await openUpstreams(life, flags.caFile, () => settings().reach);
    const keys = await followKeyFile(life, options.keyFile, log);
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
        log,
      }),
      settings,
      client,
      keyring: { candidates: (reference, ended) => settings().reach.keyring.candidates(reference, ended) },
      manifests: new Manifests({
        client,
        images: new ImageSource(client),
        artifacts: new ImageSource(client, { maxBytes: artifactBytes, artifacts: true }),
        selections: new Selections(),
        snapshot: () => content().snapshot,
        maker: new IndexMaker(
          client,
          new MadeIndexes({ file: options.recordFile, onError: (error) => log.error({ error }, "the record failed") }),
        ),
        answersIndex: (view) => view.kind === "machineType" && settings().answerIndex.has(view.name),
      }),
      metrics,
      log,
      ownHost: externalUrl.hostname,
    });
    const { tls, renew } = await tlsOf(life, options, log);
    const server = createProxyServer({ api, log, ...(tls === undefined ? {} : { tls }) });
    renew?.(server);
    const proxy = await serve(life, server, { address, port: options.port, portFlag: "--port" });
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    readyWhenSynced({ inventory: hub, health, log, signal: life.signal });
    options.onListening({ proxy, health: healthPort });
  });
}

interface FollowOptions {
  readonly folder: string;
  readonly prepare: (config: ProxyConfig | undefined) => Promise<PreparedSettings>;
  readonly externalUrl: URL;
  readonly tell: {
    readonly log: Logger;
    readonly metrics: Pick<ProxyMetrics, "folder">;
    readonly health: Pick<HealthServer, "setNote">;
  };
}

/** Characters of a mistake that `/readyz` repeats; the log has all of it. */
const longestNote = 300;

/** @throws what keeps the folder from being read: a mistake in a file should be seen at once */
async function followHub(
  life: Lifecycle,
  { folder, prepare, externalUrl, tell: { log, metrics, health } }: FollowOptions,
): Promise<HubFolder<PreparedSettings>> {
  const hub = new HubFolder({
    folder,
    prepare,
    onError: (error) => {
      log.error({ error }, "the folder cannot be used; all that was read before stays, credentials too");
      metrics.folder(false);
      const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ").slice(0, longestNote) : "";
      health.setNote(`the folder's last change is not applied: ${reason}`);
    },
    onChange: ({ credentials: { ignored }, settings: { below } }) => {
      for (const host of below(externalUrl.hostname)) {
        log.warn({ host }, "redirectBlobs: this upstream has our own name or one below it; clients are not sent there");
      }
      metrics.folder(true);
      health.setNote(undefined);
      if (ignored.length > 0) log.warn({ ignored: ignored.slice(0, 16) }, "too many credentials of one user name");
    },
  });
  life.atEnd("the folder", () => hub.close());
  await hub.synced;
  return hub;
}

/** The keys as they are at each moment. @throws IdentityError where the file cannot be used */
async function followKeyFile(life: Lifecycle, path: string, log: Logger): Promise<() => SigningKeys> {
  let keys = await openKeyFile(path, new Date(), life.signal);
  life.run("the keys that sign tokens", async (signal) => {
    while (!signal.aborted) {
      try {
        await pause(systemClock, keyLookMs, signal);
        keys = await openKeyFile(path, new Date(), signal);
      } catch (error) {
        if (!signal.aborted)
          log.error({ error }, "the keys that sign tokens cannot be renewed; those before go on counting");
      }
    }
  });
  return () => keys;
}

interface ServedTls {
  readonly tls?: TlsOptions;
  /** Keeps the server's certificate current. */
  readonly renew?: (server: HttpServer) => void;
}

async function tlsOf(
  life: Lifecycle,
  { certificate: place, clientCaFile }: Pick<ProxyOptions, "certificate" | "clientCaFile">,
  log: Logger,
): Promise<ServedTls> {
  if (place === undefined) return {};
  const authorities = clientCaFile === undefined ? undefined : await readRequired(clientCaFile, "--client-ca-file");
  const source = await certificateSource(place, {
    log,
    followed: () => Promise.reject(new UsageError("a Secret needs a cluster")),
  });
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
