import type { Logger } from "../telemetry/log.ts";

/**
 * Which Pods of a namespace are meant: all that did not opt out, those alone that opted in, or none. `unknown`: nobody
 * can tell now.
 */
export type Reach = "all" | "labelled" | "none" | "unknown";

export interface ReachOptions {
  /** Names of namespaces that are left alone. */
  readonly excluded: readonly string[];
  /** Whether namespaces and Pods must opt in. */
  readonly optIn: boolean;
  /**
   * The word of a namespace's own label; undefined where there is no such namespace. Absent: without a cluster nobody
   * knows labels, and only `excluded` counts.
   */
  readonly wordOf?: (namespace: string, signal: AbortSignal) => Promise<"unsaid" | "enabled" | "disabled" | undefined>;
  readonly log: Logger;
}

/**
 * Says which Pods of a namespace are meant, by the rules that the selectors of the webhook configurations have: a call
 * that is forged, or comes of another configuration, reaches nothing that ours would not.
 */
export class NamespaceReach {
  readonly #options: ReachOptions;
  readonly #excluded: ReadonlySet<string>;

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#excluded = new Set(options.excluded);
  }

  /** Never rejects. */
  async of(namespace: string, signal: AbortSignal): Promise<Reach> {
    const { optIn, wordOf, log } = this.#options;
    if (this.#excluded.has(namespace)) return "none";
    if (wordOf === undefined) return "all";
    try {
      switch (await wordOf(namespace, signal)) {
        case "enabled":
          return "all";
        case "unsaid":
          return optIn ? "labelled" : "all";
        default:
          return "none";
      }
    } catch (error) {
      log.warn({ error, namespace }, "a namespace cannot be read, and its Pods are left as they are");
      return "unknown";
    }
  }
}
