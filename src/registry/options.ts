import type { LookupFunction } from "node:net";
import type { RepeatRules } from "./repeat.ts";

export interface Timeouts {
  /** Name resolution, TCP and TLS together. */
  readonly connectMs: number;
  /** From the request being sent to the answer's headers. */
  readonly headersMs: number;
  /** The whole body of an answer, however slowly it trickles; a blob that is streamed has the two below instead. */
  readonly bodyMs: number;
  /** From one piece of a streamed blob to the next, while its reader waits. */
  readonly idleMs: number;
  /** Longest that the reader of a streamed blob may take nothing: it keeps a connection and a place. */
  readonly readerMs: number;
  /** A whole upload, request body included. */
  readonly uploadMs: number;
  /** The question whether content that is held may still be shown; then what is held serves. */
  readonly recheckMs: number;
}

/** A number, or one that changes: those that wait find out when somebody leaves. */
export type ChangingLimit = number | { readonly most: number; readonly now: () => number };

export interface RegistryClientOptions {
  /**
   * Which registries may be asked at all, by host as in `Reference.registry` (`docker.io`, `registry.example.com:5000`).
   * Every one if absent. Redirects and token servers are held to the address rules instead: a registry's storage and
   * token server commonly live under names that nobody lists.
   */
  readonly allowedRegistries?: ((host: string) => boolean) | undefined;
  /** Hosts that are spoken to over plain HTTP, and that may therefore be on a loopback address. */
  readonly plainHttp: (host: string) => boolean;
  /** Hosts on private addresses to which a registry may send us, by redirect or for a token; none if absent. */
  readonly privateRedirects?: ((host: string) => boolean) | undefined;
  /**
   * True where the user picks the hosts, as on a command line: loopback is then allowed too. Link-local and metadata
   * addresses never are. False by default, since in a cluster a Pod's author picks the host.
   */
  readonly allowPrivate?: boolean | undefined;
  /**
   * Whether a registry on a private address may send us to any other one: default as `allowPrivate`. False where several
   * users share the client, whom a registry of one of them must not lead to hosts of our network.
   */
  readonly followPrivate?: boolean | undefined;
  /** Registry as in `Reference.registry` → host (and port) that is asked instead, credentials and all. */
  readonly mirrors?: Pick<ReadonlyMap<string, string>, "get"> | undefined;
  /** PEM certificates that are trusted besides the default ones. */
  readonly ca?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Largest manifest or index, in bytes. 4 MiB: the size registries must take (distribution-spec, "Pushing Manifests"). */
  readonly maxManifestBytes?: number | undefined;
  /** Largest blob that is read into memory, in bytes. */
  readonly maxBlobBytes?: number | undefined;
  /** Memory for manifests and indexes that are kept by digest, in bytes. */
  readonly cacheBytes?: number | undefined;
  /** How long a tag's digest is believed, and how long it is believed that a tag does not exist. */
  readonly tagTtlMs?: number | undefined;
  readonly negativeTtlMs?: number | undefined;
  /** When an answer that may be the trouble of a moment is asked for once more; 100 to 300 ms later if absent. */
  readonly repeat?: RepeatRules | "never" | undefined;
  /** Requests under way at once. */
  readonly perHost?: number | undefined;
  readonly total?: number | undefined;
  /** Streamed blobs that are open at once, per host and altogether; requests keep their own places beside them. */
  readonly streamsPerHost?: ChangingLimit | undefined;
  readonly streams?: ChangingLimit | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
  /** Name resolution; the system's by default. Its answers are checked before they are connected to. */
  readonly lookup?: LookupFunction | undefined;
}

/** Short enough that several hops fit into an admission's deadline; a command line may ask for more. */
const defaultTimeouts: Timeouts = {
  connectMs: 3_000,
  headersMs: 5_000,
  bodyMs: 10_000,
  idleMs: 30_000,
  readerMs: 300_000,
  uploadMs: 300_000,
  recheckMs: 2_000,
};

const defaultRepeat: RepeatRules = { afterMs: 100, mostMs: 2_000 };

export interface Settings {
  readonly allowedRegistries: (host: string) => boolean;
  readonly plainHttp: (host: string) => boolean;
  readonly privateRedirects: (host: string) => boolean;
  readonly allowPrivate: boolean;
  readonly followPrivate: boolean;
  readonly mirrors: Pick<ReadonlyMap<string, string>, "get">;
  readonly ca: string | undefined;
  readonly userAgent: string;
  readonly timeouts: Timeouts;
  readonly maxManifestBytes: number;
  readonly maxBlobBytes: number;
  readonly cacheBytes: number;
  readonly tagTtlMs: number;
  readonly negativeTtlMs: number;
  readonly repeat: RepeatRules | undefined;
  readonly perHost: number;
  readonly total: number;
  readonly streamsPerHost: Exclude<ChangingLimit, number>;
  readonly streams: Exclude<ChangingLimit, number>;
  readonly now: () => number;
  readonly lookup: LookupFunction | undefined;
}

/** The options with every default filled in. */
export function settle(options: RegistryClientOptions): Settings {
  const { allowPrivate = false, followPrivate = allowPrivate, repeat = defaultRepeat } = options;
  return {
    allowedRegistries: options.allowedRegistries ?? (() => true),
    plainHttp: withDefaultPort(options.plainHttp, 80),
    privateRedirects: withDefaultPort(options.privateRedirects ?? (() => false), 443),
    allowPrivate,
    followPrivate,
    mirrors: options.mirrors ?? new Map(),
    ca: options.ca,
    userAgent: options.userAgent ?? "metahub",
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    maxManifestBytes: options.maxManifestBytes ?? 4 * 1024 * 1024,
    maxBlobBytes: options.maxBlobBytes ?? 64 * 1024 * 1024,
    cacheBytes: options.cacheBytes ?? 32 * 1024 * 1024,
    tagTtlMs: options.tagTtlMs ?? 30_000,
    negativeTtlMs: options.negativeTtlMs ?? 5_000,
    repeat: repeat === "never" ? undefined : repeat,
    perHost: options.perHost ?? 16,
    total: options.total ?? 64,
    streamsPerHost: limitOf(options.streamsPerHost ?? 32),
    streams: limitOf(options.streams ?? 64),
    now: options.now ?? Date.now,
    lookup: options.lookup,
  };
}

function limitOf(limit: ChangingLimit): Exclude<ChangingLimit, number> {
  return typeof limit === "number" ? { most: limit, now: () => limit } : limit;
}

/** `registry.example.com:80` is written by people and never by URLs, which leave the default port out. */
function withDefaultPort(allowed: (host: string) => boolean, port: 80 | 443): (host: string) => boolean {
  return (host) => allowed(host) || (!/:\d+$/.test(host) && allowed(`${host}:${port}`));
}
