import { join } from "node:path";
import { pino } from "pino";
import type { CredentialSource } from "../../../src/credentials/keyring.ts";
import type { TlsOptions } from "../../../src/http/server.ts";
import { snapshotOf } from "../../../src/inventory/manifests.ts";
import { ListBook } from "../../../src/lists/book.ts";
import type { SpokenList } from "../../../src/lists/list.ts";
import { ListedImages } from "../../../src/lists/listed-images.ts";
import { noPowers } from "../../../src/lists/power.ts";
import { parseManifests } from "../../../src/manifests/parse.ts";
import { readFolder } from "../../../src/manifests/sources.ts";
import type { Doorkeeper } from "../../../src/proxy/doorkeeper.ts";
import { FileRecord } from "../../../src/proxy/file-record.ts";
import { IndexMaker } from "../../../src/proxy/index-maker.ts";
import { ledForm } from "../../../src/proxy/led-line.ts";
import { ListRecord } from "../../../src/proxy/list-record.ts";
import { ListedNames } from "../../../src/proxy/listed-names.ts";
import { MadeIndexes } from "../../../src/proxy/made-indexes.ts";
import { madeForm } from "../../../src/proxy/made-record.ts";
import { Manifests } from "../../../src/proxy/manifests.ts";
import { createProxyMetrics } from "../../../src/proxy/metrics.ts";
import { PullApi, type PullApiOptions } from "../../../src/proxy/pull-api.ts";
import { createProxyServer } from "../../../src/proxy/server.ts";
import { defaultLimits, type ProxySettings } from "../../../src/proxy/settings.ts";
import { type Upstream, Upstreams } from "../../../src/proxy/upstreams.ts";
import { RegistryClient } from "../../../src/registry/client.ts";
import { ImageSource } from "../../../src/registry/images.ts";
import type { RegistryClientOptions } from "../../../src/registry/options.ts";
import { Selections } from "../../../src/rewriting/selections.ts";
import { createRegistry } from "../../../src/telemetry/metrics.ts";
import { type PublishedBuilds, publishBuilds } from "../../demo/builds.ts";
import { type RunningRegistry, startRegistry } from "../registry/start.ts";

export interface ProxySite {
  readonly upstream: RunningRegistry;
  readonly builds: PublishedBuilds;
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  /** Lines that were logged. */
  readonly log: readonly string[];
  /** Asks as a client that sends Basic unasked; `user`: a machine type, `unfiltered`, or nobody. */
  ask(path: string, user?: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export interface ProxySiteOptions {
  readonly settings?: Partial<ProxySettings>;
  readonly tls?: TlsOptions;
  /** Where made indexes are written down. */
  readonly recordFile?: string;
  readonly api?: Partial<PullApiOptions>;
  readonly client?: Partial<RegistryClientOptions>;
  readonly upstreams?: readonly Upstream[];
  /** The proxy's own credentials for its upstreams. */
  readonly keyring?: CredentialSource;
  readonly upstream?: RunningRegistry;
  /** Users that count no more, as they are added. */
  readonly revoked?: ReadonlySet<string>;
  /** The manifest lists at each moment. */
  readonly lists?: () => readonly SpokenList[];
  /** What the record of lists takes for now, ms since the epoch. */
  readonly now?: () => number;
}

/** A filtering registry over plain HTTP before a registry of this process, with the machine types of the examples. */
export async function startProxySite(options: ProxySiteOptions = {}): Promise<ProxySite> {
  const upstream = options.upstream ?? (await startRegistry());
  const builds = await publishBuilds(upstream.host, undefined, AbortSignal.timeout(20_000));
  const client = new RegistryClient({
    mirrors: new Map([["docker.io", upstream.host]]),
    plainHttp: (host) => host === upstream.host,
    allowPrivate: true,
    tagTtlMs: 0,
    ...options.client,
  });
  const folder = join(import.meta.dirname, "../../../examples/inventory");
  const sources = await readFolder(folder, AbortSignal.timeout(10_000));
  const snapshot = snapshotOf(sources.flatMap(({ name, text }) => parseManifests(text, name)));
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(line) });
  const upstreams = new Upstreams(options.upstreams ?? [], "docker.io");
  const settings = (): ProxySettings => ({ ...plain, upstreams, ...options.settings });
  const images = new ImageSource(client);
  const artifacts = new ImageSource(client, { artifacts: true });
  const onError = (error: unknown): void => log.error({ error });
  const listRecord = options.recordFile === undefined ? undefined : `${options.recordFile}.lists`;
  const { now } = options;
  const lists = new ListedNames({
    listed: new ListedImages({ book: () => new ListBook(options.lists?.() ?? []), powers: noPowers }),
    client,
    images,
    artifacts,
    record: new ListRecord({
      record: listRecord === undefined ? undefined : new FileRecord({ file: listRecord, form: ledForm }),
      onError,
      ...(now === undefined ? {} : { now }),
    }),
  });
  const api = new PullApi({
    door: nameDoor(options.revoked ?? new Set()),
    settings,
    client,
    keyring: options.keyring ?? { candidates: async () => [] },
    manifests: new Manifests({
      client,
      images,
      artifacts,
      lists,
      selections: new Selections(),
      snapshot: () => snapshot,
      maker: new IndexMaker(
        client,
        new MadeIndexes({
          record:
            options.recordFile === undefined ? undefined : new FileRecord({ file: options.recordFile, form: madeForm }),
          onError,
        }),
        lists,
      ),
      answersIndex: (view) => view.kind === "machineType" && settings().answerIndex.has(view.name),
    }),
    lists,
    metrics: createProxyMetrics(createRegistry()),
    log,
    ownHost: "hub.example.com",
    ...options.api,
  });
  const { tls } = options;
  const server = createProxyServer({ api, log, ...(tls === undefined ? {} : { tls }) });
  const url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${await server.listen(0, "127.0.0.1")}`;
  return {
    upstream,
    builds,
    url,
    log: lines,
    ask: (path, user, init = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: {
          ...init.headers,
          ...(user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:x`).toString("base64")}` }),
        },
      }),
    close: async () => {
      await server.close(500);
      await client.close();
      await upstream.close();
    },
  };
}

const plain = {
  anonymous: false,
  hints: false,
  machinePaths: false,
  answerIndex: new Set<string>(),
  limits: defaultLimits,
};

/** Believes everybody's name: who asks is another room's matter. `type1-narrow` may pull `qnib/…` alone. */
const nameDoor = (revoked: ReadonlySet<string>): Doorkeeper => ({
  admit: ({ headers }) => {
    const [, encoded = ""] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? [];
    const [user = ""] = Buffer.from(encoded, "base64").toString().split(":");
    if (user === "") return { challenge: 'Bearer realm="https://hub.example.com/token",service="hub"' };
    const narrow = user.endsWith("-narrow");
    const name = user.replace(/-narrow$/, "");
    return {
      name: user,
      view: user === "unfiltered" ? { kind: "unfiltered" } : { kind: "machineType", name },
      isStillOne: () => !revoked.has(user),
      mayPull: (repository) => !narrow || repository.startsWith("qnib/"),
    };
  },
  token: async () => false,
});
