import {
  formatPathSegments,
  isPathSegment,
  type PathSegments,
  parsePathSegments,
  renewPathSegments,
} from "../keys/path-segments.ts";
import { formatSigningKeys, parseSigningKeys, renewSigningKeys, type SigningKeys } from "../keys/signing-keys.ts";
import type { SecretStore } from "../kubernetes/secrets/store.ts";
import { calledWebhooks, segmentOf } from "./called.ts";
import {
  contendedMs,
  type KeeperContext,
  type NextLook,
  type ReadConfiguration,
  type ReadConfigurations,
} from "./context.ts";
import { routeOf } from "./routes.ts";
import { readStored } from "./stored-keys.ts";

export interface KeyDutyOptions extends Pick<KeeperContext, "metrics" | "writes" | "log" | "clock"> {
  readonly keys: Pick<SecretStore, "read" | "write" | "place">;
  /** How long a path segment is the one that configurations name, ms. */
  readonly pathLifeMs: number;
}

/** The outcome of a look at the keys. */
export interface KeptKeys {
  readonly segments: PathSegments;
  readonly next: NextLook;
}

const lost = "keys cannot be read and are made anew";
const dayMs = 86_400_000;
/** A key signs for a month, and verifies for more than a year after that: notes of Pods that run so long still count. */
const noteKeyRules = { signsForMs: 30 * dayMs, verifiesForMs: 400 * dayMs } as const;

/** Keeps the path segments and the keys that prove notes. */
export class KeyDuty {
  readonly #options: KeyDutyOptions;

  constructor(options: KeyDutyOptions) {
    this.#options = options;
  }

  /** @throws KubernetesError */
  async look(configurations: ReadConfigurations, signal: AbortSignal): Promise<KeptKeys> {
    const { keys, pathLifeMs: lifeMs, clock, metrics, writes, log } = this.#options;
    const stored = await keys.read(signal);
    const now = clock.wall();
    const named = namedSegments(configurations);
    const read = <T>(key: string, parse: (text: string) => readonly T[]): readonly T[] =>
      readStored({ text: stored?.data[key], secret: keys.place, key, lost }, parse, log);
    const known = read("paths", parsePathSegments);
    const segments = renewPathSegments(known, { now, lifeMs, named, standing: isStanding(configurations) });
    const noteKeys: SigningKeys = read("note-keys", parseSigningKeys);
    const wanted = {
      paths: formatPathSegments(segments),
      "note-keys": formatSigningKeys(renewSigningKeys(noteKeys, { now, ...noteKeyRules })),
    };
    const isOpen = segments.some(({ segment }) => segment === "");
    metrics.open(isOpen);
    if (isOpen && !known.some(({ segment }) => segment === "")) {
      log.warn("paths without a segment are answered while configurations of an earlier version call them");
    }
    const next = (segments[0]?.since.getTime() ?? 0) + lifeMs - now.getTime();
    if (stored?.data["paths"] === wanted.paths && stored.data["note-keys"] === wanted["note-keys"])
      return { segments, next };
    if ((await keys.write(wanted, stored, signal)) === "conflict") return { segments: known, next: contendedMs };
    writes.add("keys");
    log.info({ secret: keys.place, paths: segments.length }, "the webhook's keys were renewed");
    return { segments, next };
  }
}

/** The segments that the API server calls at this moment. The empty one counts only where an earlier version wrote it. */
function namedSegments({ current, former }: ReadConfigurations): ReadonlySet<string> {
  return new Set([...segmentsIn(current).filter(isPathSegment), ...segmentsIn(former)]);
}

/** Whether every configuration of this version is there and names a segment. */
function isStanding({ current }: ReadConfigurations): boolean {
  return current.every(({ object }) => {
    const segments = calledWebhooks(object).flatMap((webhook) =>
      routeOf(webhook.name) === undefined ? [] : [segmentOf(webhook) ?? ""],
    );
    return segments.length > 0 && segments.every(isPathSegment);
  });
}

function segmentsIn(configurations: readonly ReadConfiguration[]): readonly string[] {
  return configurations.flatMap(({ object }) => calledWebhooks(object)).flatMap((webhook) => segmentOf(webhook) ?? []);
}
