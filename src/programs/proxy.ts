import { Keyring } from "../credentials/keyring.ts";
import type { HttpServer, TlsOptions } from "../http/server.ts";
import { FileCredentials } from "../identity/file-credentials.ts";
import { openKeyFile } from "../identity/key-file.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import { UsageError } from "../process/failure.ts";
import { Door } from "../proxy/door.ts";
import { Manifests } from "../proxy/manifests.ts";
import { createProxyMetrics } from "../proxy/metrics.ts";
import { PullApi } from "../proxy/pull-api.ts";
import { createProxyServer } from "../proxy/server.ts";
import { type Upstream, Upstreams } from "../proxy/upstreams.ts";
import { ImageSource } from "../registry/images.ts";
import { Selections } from "../rewriting/selections.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import { pause, systemClock } from "../time/clock.ts";
import { type CertificatePlace, certificateSource, renewCertificate } from "./parts/certificates.ts";
import { followFolder } from "./parts/inventory.ts";
import type { Lifecycle } from "./parts/lifecycle.ts";
import { serve } from "./parts/listen.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import { readyWhenSynced } from "./parts/ready.ts";
import { openRegistries, ownCredentials, type RegistriesOptions } from "./parts/registries.ts";

export interface ProxyOptions {
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  /** A folder of Nodes, MachineTypes and MachineCredentials. */
  readonly inventoryFolder: string;
  /** Where the keys that sign tokens are kept; made where it is not there. */
  readonly keyFile: string;
  /** Absent: plain HTTP. */
  readonly certificate: CertificatePlace | undefined;
  /** As clients reach it: `https://hub.example.com`. Its host is the audience of tokens. */
  readonly externalUrl: URL;
  readonly upstreams: readonly Upstream[];
  /** The host of names without an upstream's; absent: those are not there. */
  readonly defaultUpstream: string | undefined;
  readonly registries: Omit<RegistriesOptions, "allowed" | "dockerConfigNamespaces">;
  readonly logLevel: LogLevel;
  /** Called once both servers listen. */
  readonly onListening: (ports: { readonly proxy: number; readonly health: number }) => void;
}

/** Between two looks at the keys that sign tokens, ms: a new one signs ten minutes after it was made. */
const keyLookMs = 60_000;

/** Serves the filtering registry until the signal aborts. @throws what kept it from starting, or from going on */
export function runProxy(options: ProxyOptions, { env, signal }: ProgramContext): Promise<void> {
  const { address, upstreams, defaultUpstream, externalUrl, logLevel } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const hosts = [...upstreams.map(({ host }) => host), ...(defaultUpstream === undefined ? [] : [defaultUpstream])];
    const registries = { ...options.registries, allowed: hosts, dockerConfigNamespaces: [] };
    const client = await openRegistries(life, registries, { allowPrivate: true });
    const inventory = await followFolder(life, options.inventoryFolder, log);
    const credentials = await followCredentials(life, options.inventoryFolder, log);
    const keys = await followKeyFile(life, options.keyFile, log);
    const known = new Upstreams(upstreams, defaultUpstream);
    const api = new PullApi({
      door: new Door({
        rules: () => ({
          credentials: credentials.current,
          keys: keys(),
          audience: externalUrl.host,
          anonymous: false,
          hints: false,
        }),
        realm: new URL("/token", externalUrl).href,
        now: () => new Date(),
        log,
      }),
      upstreams: () => known,
      client,
      keyring: new Keyring((await ownCredentials(registries, env)).sources),
      manifests: new Manifests({
        client,
        images: new ImageSource(client),
        selections: new Selections(),
        snapshot: () => inventory.snapshot(),
      }),
      metrics: createProxyMetrics(metricsRegistry),
      log,
    });
    const { tls, renew } = await tlsOf(life, options.certificate, log);
    const server = createProxyServer({ api, log, ...(tls === undefined ? {} : { tls }) });
    renew?.(server);
    const proxy = await serve(life, server, { address, port: options.port, portFlag: "--port" });
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    readyWhenSynced({ inventory, health, log, signal: life.signal });
    options.onListening({ proxy, health: healthPort });
  });
}

/** @throws what keeps the folder from being read: a mistake in a file should be seen at once */
async function followCredentials(life: Lifecycle, folder: string, log: Logger): Promise<FileCredentials> {
  const credentials = new FileCredentials({
    folder,
    onError: (error) => log.error({ error }, "the credentials' folder cannot be used; what was read before stays"),
    onChange: ({ ignored }) => {
      if (ignored.length > 0) log.warn({ ignored: ignored.slice(0, 16) }, "too many credentials of one user name");
    },
  });
  life.atEnd("the credentials", () => credentials.close());
  await credentials.synced;
  return credentials;
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

async function tlsOf(life: Lifecycle, place: CertificatePlace | undefined, log: Logger): Promise<ServedTls> {
  if (place === undefined) return {};
  const source = await certificateSource(place, {
    log,
    followed: () => Promise.reject(new UsageError("a Secret needs a cluster")),
  });
  const certificate = await source.obtain(life.signal);
  const metrics = { show: () => undefined };
  return {
    // Docker's and podman's older builds speak TLS 1.2.
    tls: { certificate, minVersion: "TLSv1.2" },
    renew: (server) => renewCertificate(life, { source, server, metrics, log }),
  };
}
