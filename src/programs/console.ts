import { dataRoutes } from "../console/api/routes.ts";
import { features } from "../console/data/features/find.ts";
import { createApp } from "../console/http/app.ts";
import { cookiesFor } from "../console/http/cookies.ts";
import { Files } from "../console/http/files.ts";
import { SessionApi } from "../console/http/session-api.ts";
import { Streams } from "../console/http/streams.ts";
import { createConsoleMetrics } from "../console/metrics.ts";
import { createConsoleServer } from "../console/server.ts";
import { Sessions } from "../console/sessions/sessions.ts";
import { Sweeper } from "../console/sessions/sweeper.ts";
import type { SignInWays } from "../console/sign-in/ways.ts";
import type { HttpServer, TlsOptions } from "../http/server.ts";
import { UsageError } from "../process/failure.ts";
import type { Logger, LogLevel } from "../telemetry/log.ts";
import { pause, systemClock } from "../time/clock.ts";
import { type CertificatePlace, certificateSource, renewCertificate } from "./parts/certificates.ts";
import { type ConsoleSource, type DataDoors, openConsolePlace } from "./parts/console-place.ts";
import type { Lifecycle } from "./parts/lifecycle.ts";
import { serve } from "./parts/listen.ts";
import { type ProgramContext, runProgram } from "./parts/program.ts";
import type { RegistriesOptions } from "./parts/registries.ts";

export interface ConsoleOptions {
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  readonly source: ConsoleSource;
  /** Which registries the matrix of an image may ask. */
  readonly registries: RegistriesOptions;
  /** The filtering registry's host, for the ready lines of credentials. */
  readonly registry: string | undefined;
  /** Files or a folder; absent: plain HTTP. */
  readonly certificate: CertificatePlace | undefined;
  /** As browsers reach it: `https://console.example.com`. */
  readonly externalUrl: URL;
  readonly trustedProxies: readonly string[];
  /** Where nobody uses it for so long, a session ends, ms. */
  readonly idleMs: number;
  /** After so long it ends whatever is done, ms. */
  readonly longestMs: number;
  /** Where the build wrote the pages. */
  readonly pages: string;
  readonly logLevel: LogLevel;
  /** Called once both servers listen. */
  readonly onListening: (ports: { readonly console: number; readonly health: number }) => void;
}

/** Between two looks for sessions whose time is over, or whose user was taken out of the file or got another password, ms. */
const sweepMs = 10_000;

/** Serves the console until the signal aborts. @throws what kept it from starting, or from going on */
export function runConsole(options: ConsoleOptions, { env, signal }: ProgramContext, doors: DataDoors): Promise<void> {
  const { address, externalUrl, logLevel } = options;
  return runProgram({ logLevel, signal }, async ({ life, log, metricsRegistry, health }) => {
    const files = await Files.read(options.pages);
    const clock = systemClock;
    const metrics = createConsoleMetrics(metricsRegistry);
    const { idleMs, longestMs } = options;
    const ways = await openConsolePlace(life, { ...options, env, log, clock }, doors);
    const onError = (error: unknown): void => log.error({ error }, "a session did not end as it should");
    const sessions = new Sessions({ idleMs, longestMs, clock, onError, changed: metrics.sessions });
    sweepSessions(life, sessions, ways, log);
    const session = new SessionApi({
      sessions,
      ways,
      cookies: cookiesFor(externalUrl),
      registry: options.registry,
      metrics,
      log,
      clock,
    });
    const app = createApp({
      externalUrl,
      trustedProxies: options.trustedProxies,
      routes: dataRoutes(features),
      session,
      streams: new Streams({ clock, log, changed: metrics.streams }),
      files,
      metrics,
      log,
      clock,
    });
    const { tls, renew } = await tlsOf(life, options, log);
    const server = createConsoleServer({ app, log, ...(tls === undefined ? {} : { tls }) });
    renew?.(server);
    const port = await serve(life, server, { address, port: options.port, portFlag: "--port" });
    // Ended before the server: streams would keep it from closing.
    life.atEnd("the sessions", () => sessions.endAll());
    const healthPort = await serve(life, health, { address, port: options.healthPort, portFlag: "--health-port" });
    // The pages say themselves where the cluster does not answer.
    health.setReady(true);
    options.onListening({ console: port, health: healthPort });
  });
}

function sweepSessions(life: Lifecycle, sessions: Sessions, { staying }: SignInWays, log: Logger): void {
  const onError = (error: unknown, signedOut: boolean): void =>
    log.error({ error }, `the users file cannot be read${signedOut ? "; nobody stays signed in" : ""}`);
  const sweeper = new Sweeper({ sessions, staying, onError });
  life.run("the sessions' ends", async (signal) => {
    while (!signal.aborted) {
      await sweeper.sweep();
      await pause(systemClock, sweepMs, signal).catch(() => undefined);
    }
  });
}

interface ServedTls {
  readonly tls?: TlsOptions;
  readonly renew?: (server: HttpServer) => void;
}

async function tlsOf(
  life: Lifecycle,
  { certificate: place }: Pick<ConsoleOptions, "certificate">,
  log: Logger,
): Promise<ServedTls> {
  if (place === undefined) return {};
  const followed = (): never => {
    throw new UsageError("the console reads no Secret: it has no rights; mount it, and give --tls-cert-file");
  };
  const source = await certificateSource(place, { log, followed });
  const certificate = await source.obtain(life.signal);
  return {
    // All browsers of the last years speak TLS 1.3.
    tls: { certificate },
    renew: (server) => renewCertificate(life, { source, server, metrics: { show: () => undefined }, log }),
  };
}
