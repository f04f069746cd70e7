import type { SiegeCluster } from "./cluster.ts";
import { atRate } from "./pace.ts";
import { others as rates } from "./rates.ts";
import { bindingOf, podOf, Reviews, reviewOf, type Target } from "./reviews.ts";

/** What became of the others' Pods in one phase. */
export interface Outcome {
  /** Milliseconds of each, from when it was due. */
  readonly latencies: number[];
  rewritten: number;
  /** Pods left as they were written, or without an answer; by why. */
  readonly left: Map<string, number>;
}

/** Pods of which every tenth names an image that nobody asked for before. */
const coldEvery = 10;
/** As the chart has them: webhook.timeoutSeconds and bindingTimeoutSeconds. */
const admissionMs = 5_000;
const bindingMs = 10_000;

/** The others' Pods: admitted for one node, or bound to one, at a fixed rate. */
export class Others {
  readonly #cluster: SiegeCluster;
  readonly #reviews: Reviews;
  readonly #registry: string;
  #admitted = newOutcome();
  #bound = newOutcome();

  constructor(cluster: SiegeCluster, target: Target, registry: string) {
    this.#cluster = cluster;
    this.#reviews = new Reviews(target, 64);
    this.#registry = registry;
  }

  /** Starts. Ends with the signal. */
  begin(signal: AbortSignal): void {
    atRate(rates.admissions, signal, (row) => this.#note(this.#admitted, () => this.#admit(row)));
    atRate(rates.bindings, signal, (row) => this.#note(this.#bound, () => this.#bind(row)));
  }

  /** What became of them since the last time. */
  take(): { readonly admitted: Outcome; readonly bound: Outcome } {
    const taken = { admitted: this.#admitted, bound: this.#bound };
    this.#admitted = newOutcome();
    this.#bound = newOutcome();
    return taken;
  }

  close(): void {
    this.#reviews.close();
  }

  async #note(outcome: Outcome, act: () => Promise<string | undefined>): Promise<void> {
    const began = performance.now();
    const why = await act().catch((error: unknown) => String(error).slice(0, 100));
    outcome.latencies.push(performance.now() - began);
    if (why === undefined) outcome.rewritten += 1;
    else outcome.left.set(why, (outcome.left.get(why) ?? 0) + 1);
  }

  /** Undefined where it was rewritten, and else why not. */
  async #admit(row: number): Promise<string | undefined> {
    const spec = { nodeSelector: { "metahub.dev/machine-type": "type2" } };
    const object = podOf("others", `admitted-${row}`, [this.#image("admitted", row)], spec);
    const answer = await this.#reviews.post(
      "/mutate/pods",
      reviewOf({ namespace: "others", name: `admitted-${row}`, object }),
      admissionMs,
    );
    const { response } = JSON.parse(answer);
    return typeof response?.patch === "string" ? undefined : (response?.warnings?.[0] ?? "left without a Warning");
  }

  async #bind(row: number): Promise<string | undefined> {
    const name = `bound-${row}`;
    const image = this.#image("bound", row);
    const uid = this.#cluster.create(pending(name, image));
    const node = `node${1 + (row % 3)}`;
    const answer = this.#reviews.post("/validate/bindings", bindingOf("others", name, uid, node), bindingMs);
    // Then the API server binds it, whatever the answer: it is what it is by now.
    const images = await answer.then(
      () => this.#cluster.take(name),
      (error: unknown) => {
        this.#cluster.take(name);
        throw error;
      },
    );
    return images.every((now) => now.includes("@sha256:")) ? undefined : "bound as it was written";
  }

  #image(kind: string, row: number): string {
    return `${this.#registry}/good/app:${row % coldEvery === 0 ? `${kind}-${row}` : "latest"}`;
  }
}

function pending(name: string, image: string) {
  const spec = { containers: [{ name: "main", image }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "others" }, spec, status: { phase: "Pending" } };
}

function newOutcome(): Outcome {
  return { latencies: [], rewritten: 0, left: new Map() };
}
