import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Clock } from "../time/clock.ts";
import type { ConfigurationName, Configurations } from "./configurations.ts";
import type { KeeperMetrics } from "./metrics.ts";
import type { Writes } from "./writes.ts";

/** Shared by every part of the keeper. */
export interface KeeperContext {
  readonly configurations: Configurations;
  readonly metrics: KeeperMetrics;
  readonly writes: Writes;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A configuration as it was read at the beginning of a look; undefined where there is none. */
export interface ReadConfiguration {
  readonly named: ConfigurationName;
  readonly object: KubernetesObject | undefined;
}

/** The configurations of a look. */
export interface ReadConfigurations {
  /** Those that the webhook is called by. */
  readonly current: readonly ReadConfiguration[];
  /** Those of an earlier version, which call a path without a segment; kept for a while, then removed. */
  readonly former: readonly ReadConfiguration[];
}

/** The time after which to look again at the latest, ms. */
export type NextLook = number;

/** Nothing waits for another look. */
export const forever: NextLook = Number.POSITIVE_INFINITY;

/** Somebody else wrote meanwhile: what was read is old, and it is looked again. */
export const contendedMs: NextLook = 1_000;
