import type { Upstreams } from "./upstreams.ts";

/** The ways of a registry at one moment, from its ProxyConfig and its flags. */
export interface ProxySettings {
  readonly upstreams: Upstreams;
  /** Whether a token is given to who does not log in. */
  readonly anonymous: boolean;
  /** Whether a user name may say what a machine offers. */
  readonly hints: boolean;
  /** Whether paths may name a machine type. */
  readonly machinePaths: boolean;
  /** Machine types whose tags are answered with an index of the one build. */
  readonly answerIndex: ReadonlySet<string>;
  readonly limits: ProxyLimits;
}

/** Bounds for what clients take of the registry. */
export interface ProxyLimits {
  /** Requests of one credential that are under way at once. */
  readonly requestsPerCredential: number;
  /** Blobs on their way at once, altogether: 64 KiB of memory each. */
  readonly streams: number;
  /** The same of one upstream. A credential that is alone gets half of them. */
  readonly streamsPerUpstream: number;
  /** The least that a client takes on average, once it was waited for for `idleSeconds`. */
  readonly leastBytesPerSecond: number;
  /** Longest that a client may take nothing. */
  readonly idleSeconds: number;
}

export const defaultLimits: ProxyLimits = {
  requestsPerCredential: 256,
  streams: 512,
  streamsPerUpstream: 256,
  leastBytesPerSecond: 4_096,
  idleSeconds: 60,
};

/** Streams that can be asked for: as many as the server takes connections. */
export const mostStreams = 4_096;
