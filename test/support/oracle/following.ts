import { z } from "zod";
import type { KubernetesClient } from "../../../src/kubernetes/client/client.ts";
import { Reflector } from "../../../src/kubernetes/reflector/reflector.ts";
import { pods } from "../cluster/binding-site.ts";

/** What the scheduler has said of a Pod so far. */
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
  readonly #reflector: Reflector<Verdict>;
  readonly #ended = new AbortController();
  readonly #run: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(client: KubernetesClient, labelSelector: string) {
    this.#reflector = new Reflector({
      client,
      resource: pods,
      namespace: "default",
      labelSelector,
      transform: verdictOf,
      onChange: () => {
        for (const look of this.#waiting) look();
      },
    });
    this.#run = this.#reflector.run(this.#ended.signal);
  }

  /** Waits until the scheduler has said yes or no to each of these Pods; then what it says of each, in their order. */
  async decided(names: readonly string[], signal: AbortSignal): Promise<readonly Verdict[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Verdict[]>();
    const verdicts = (): readonly Verdict[] =>
      names.map((name) => this.#reflector.store.get(`default/${name}`) ?? { name });
    const look = (): void => {
      const all = verdicts();
      if (all.every(isDecided)) resolve(all);
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

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#run;
  }
}
