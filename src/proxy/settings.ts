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
  /** Requests of one credential that are under way at once. */
  readonly mostOfOne: number;
}

export const defaultMostOfOne = 256;
