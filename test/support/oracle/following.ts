import { type Informer, makeInformer, type V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import type { Witness } from "../cluster/witness.ts";

/** The scheduler's words on a Pod so far. */
export interface Verdict {
  readonly name: string;
  /** The node that it chose. */
  readonly node?: string | undefined;
  /** Why it found none, when it looked last. */
  readonly refusal?: string | undefined;
}

const podSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({
    conditions: z
      .array(
        z.object({
          type: z.string(),
          status: z.string(),
          reason: z.string().default(""),
          message: z.string().default(""),
        }),
      )
      .default([]),
  }),
});

/** A Pod that waits for its gate, or for a claim to be made, has no condition with this reason. */
function verdictOf(object: unknown): Verdict {
  const { metadata, spec, status } = podSchema.parse(object);
  const condition = status.conditions.find(({ type }) => type === "PodScheduled");
  const refused = condition?.status === "False" && condition.reason === "Unschedulable";
  return { name: metadata.name, node: spec.nodeName, refusal: refused ? condition.message : undefined };
}

const isDecided = ({ node, refusal }: Verdict): boolean => node !== undefined || refusal !== undefined;

/** Follows the Pods of a label by a watch. */
export class OracleFollowing {
  readonly #informer: Informer<V1Pod>;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #waiting = new Set<() => void>();
  /** Why the watch ended. */
  #failure: { readonly error: unknown } | undefined;

  private constructor(witness: Witness, labelSelector: string) {
    const namespace = "default";
    const list = () => witness.core.listNamespacedPod({ namespace, labelSelector });
    this.#informer = makeInformer(witness.config, `/api/v1/namespaces/${namespace}/pods`, list, labelSelector);
    this.#informer.on("change", (pod) => {
      const verdict = verdictOf(pod);
      this.#verdicts.set(verdict.name, verdict);
      this.#wake();
    });
    this.#informer.on("delete", ({ metadata }) => this.#verdicts.delete(metadata?.name ?? ""));
    this.#informer.on("error", (error) => {
      this.#failure = { error };
      this.#wake();
    });
  }

  /** Follows from now on. */
  static async start(witness: Witness, labelSelector: string): Promise<OracleFollowing> {
    const following = new OracleFollowing(witness, labelSelector);
    await following.#informer.start();
    return following;
  }

  /** Waits until the scheduler has said yes or no to each of these Pods; then what it says of each, in their order. */
  async decided(names: readonly string[], signal: AbortSignal): Promise<readonly Verdict[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Verdict[]>();
    const verdicts = (): readonly Verdict[] => names.map((name) => this.#verdicts.get(name) ?? { name });
    const look = (): void => {
      const all = verdicts();
      if (all.every(isDecided)) resolve(all);
      else if (this.#failure !== undefined) reject(this.#failure.error);
    };
    const expired = (): void => {
      const open = verdicts().filter((each) => !isDecided(each));
      const some = open.slice(0, 10).map(({ name }) => name);
      reject(new Error(`of ${names.length} Pods ${open.length} are undecided, for example ${some.join(", ")}`));
    };
    this.#waiting.add(look);
    signal.addEventListener("abort", expired, { once: true });
    try {
      look();
      return await promise;
    } finally {
      this.#waiting.delete(look);
      signal.removeEventListener("abort", expired);
    }
  }

  close(): Promise<void> {
    return this.#informer.stop();
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}
