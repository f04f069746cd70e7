import { isPathSegment, type PathSegments } from "../keys/path-segments.ts";
import { type CalledWebhook, calledWebhooks, segmentOf } from "./called.ts";
import { placeOf } from "./configurations.ts";
import {
  forever,
  type KeeperContext,
  type NextLook,
  type ReadConfiguration,
  type ReadConfigurations,
} from "./context.ts";
import type { Replicas } from "./replicas.ts";

export interface PathDutyOptions extends KeeperContext {
  /** Absent: the API server calls a URL, whose path its owner writes. */
  readonly replicas?: Replicas | undefined;
  readonly pathLifeMs: number;
}

/** While a replica does not know the newest path, ms. Replicas hear of it within seconds, by their watch. */
const unawareMs = 2_000;

/** Keeps the newest path segment in the configurations, as soon as every replica knows it. */
export class PathDuty {
  readonly #options: PathDutyOptions;
  #told = "";

  constructor(options: PathDutyOptions) {
    this.#options = options;
  }

  /** @throws KubernetesError, KeeperError CONFIGURATION_UNWRITTEN */
  async look({ current, former }: ReadConfigurations, segments: PathSegments, signal: AbortSignal): Promise<NextLook> {
    const next = await this.#name(current, segments, signal);
    if (next === forever) await this.#endFormer(former, segments, signal);
    return next;
  }

  async #name(current: readonly ReadConfiguration[], segments: PathSegments, signal: AbortSignal): Promise<NextLook> {
    const { replicas, metrics } = this.#options;
    const [newest] = segments;
    if (newest === undefined) return unawareMs;
    const behind = current.filter(({ object }) => byService(object).some((one) => segmentOf(one) !== newest.segment));
    if (replicas === undefined || behind.length === 0) {
      metrics.waitsFor(0);
      return forever;
    }
    const unaware = await replicas.unaware(newest.segment, signal);
    metrics.waitsFor(unaware.length);
    if (unaware.length === 0) {
      this.#tell([]);
      await this.#write(behind, newest.segment, signal);
      return forever;
    }
    this.#tell(unaware);
    await this.#restore(behind, segments, signal);
    return unawareMs;
  }

  /** A path that leads nowhere, because it was taken back, is worse than an older one that every replica knows. */
  async #restore(behind: readonly ReadConfiguration[], segments: PathSegments, signal: AbortSignal): Promise<void> {
    const known = new Set(segments.map(({ segment }) => segment));
    const lost = behind.filter(({ object }) => byService(object).some((one) => !known.has(segmentOf(one) ?? "none")));
    const older = segments.slice(1).find(({ segment }) => isPathSegment(segment));
    if (lost.length === 0 || older === undefined) return;
    const unaware = await this.#options.replicas?.unaware(older.segment, signal);
    if (unaware?.length === 0) await this.#write(lost, older.segment, signal);
  }

  /** Says which replicas are waited for, once for as long as it is the same ones. */
  #tell(unaware: readonly string[]): void {
    const text = [...unaware].sort().join(", ");
    if (text === this.#told) return;
    this.#told = text;
    if (unaware.length === 0) return;
    const replicas = unaware.slice(0, 8);
    this.#options.log.warn({ replicas }, "the newest path is not in the configurations: replicas do not know it yet");
  }

  async #write(configurations: readonly ReadConfiguration[], segment: string, signal: AbortSignal): Promise<void> {
    const { writes, log } = this.#options;
    for (const { named } of configurations) {
      if (!(await this.#options.configurations.write(named, { segment }, signal))) continue;
      writes.add("path-in-configuration");
      log.info({ configuration: placeOf(named) }, "the API server is told another path");
    }
  }

  /**
   * Configurations of an earlier version go once those of this one have stood for the life of a path: until then a rollback
   * finds them. While these do not stand, the key duty keeps the empty segment's time fresh.
   */
  async #endFormer(former: readonly ReadConfiguration[], segments: PathSegments, signal: AbortSignal): Promise<void> {
    const { clock, pathLifeMs, log } = this.#options;
    const bare = segments.find(({ segment }) => segment === "");
    if (bare === undefined || clock.wall().getTime() - bare.since.getTime() < pathLifeMs) return;
    for (const { named, object } of former) {
      if (object === undefined) continue;
      await this.#options.configurations.remove(named, object, signal);
      log.info({ configuration: placeOf(named) }, "the configuration of an earlier version was removed");
    }
  }
}

function byService(object: unknown): readonly CalledWebhook[] {
  return calledWebhooks(object).filter(({ byUrl }) => !byUrl);
}
