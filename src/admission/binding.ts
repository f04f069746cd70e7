import { parsePod } from "../api/parse-pod.ts";
import type { Pod } from "../api/pod.ts";
import { podResource, trimPod } from "../inventory/pods.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { isKubernetesError, type KubernetesError } from "../kubernetes/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { BindingEvents } from "./binding-events.ts";
import type { BindingNodes } from "./binding-nodes.ts";
import { bindingPatch, isBound, testsDiffer } from "./binding-patch.ts";
import { type BindingRequest, readBinding } from "./binding-request.ts";
import { Turns } from "./binding-turns.ts";
import { type ReselectContext, type Reselection, reselect } from "./reselect.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed } from "./review.ts";

/** What became of a Pod's images at its binding. */
export type BindingOutcome =
  | "written" // builds for this node were written
  | "corrected" // what was chosen at admission was replaced
  | "returned" // a build that this node does not run was replaced by what was asked
  | "unchanged" // they are right already, or there is no choice
  | "nothing-fits" // no build fits this node; left as written
  | "unproven" // what the annotation says cannot be confirmed; left as it is
  | "undecided" // a registry did not tell; left as it is
  | "skipped" // the Pod wants no rewriting, or not here
  | "unknown-node" // the node is not known, or none is yet
  | "stale" // the Pod is gone or bound
  | "refused" // a policy refused the write
  | "deadline" // the time was over
  | "failed" // the API server did not take the write
  | "dry-run"; // something would have been written

export interface BindingHandlerOptions {
  readonly client: Pick<KubernetesClient, "get" | "patch">;
  /** Pods that wait for a node, as far as they are known. */
  readonly pods: { get(namespace: string, name: string): Pod | undefined };
  readonly nodes: BindingNodes;
  readonly context: ReselectContext;
  readonly events: BindingEvents;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => Date;
  /** True where only Pods labelled `metahub.dev/rewrite: enabled` are meant. */
  readonly labelledOnly?: boolean;
  /** Requests to the API server at once, over all bindings that share it; others wait their turn. */
  readonly turns?: Turns;
}

/** More than the API server handles at once for one account in a small cluster only makes each of them slower. */
const requestsAtOnce = 64;
/** Each time somebody else wrote the same fields of the same Pod within milliseconds. */
const maxAttempts = 5;
const fieldManager = "metahub-webhook";

/**
 * The validating handler of bindings: writes into the Pod the builds for the node that it is about to be bound to, and
 * lets the binding pass, whatever happens. Validating, because it must run after everything that may still refuse.
 */
export class BindingHandler {
  readonly #options: BindingHandlerOptions;
  readonly #turns: Turns;

  constructor(options: BindingHandlerOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new Turns(requestsAtOnce);
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    const binding = readBinding(request);
    if (binding === undefined) return allowed(request.uid);
    const { metrics, log } = this.#options;
    const began = performance.now();
    let outcome: BindingOutcome;
    try {
      outcome = await this.#bind(binding, request.dryRun, signal);
    } catch (error) {
      outcome = signal.aborted ? "deadline" : "failed";
      log.warn({ ...binding, error, outcome }, "a Pod is bound with the images that it has");
    }
    metrics.bindings.inc({ outcome });
    metrics.bindingSeconds.observe({ outcome }, (performance.now() - began) / 1000);
    log.debug({ ...binding, outcome }, "binding reviewed");
    return allowed(request.uid, outcome === "unproven" ? ["metahub: an annotation that proves nothing"] : []);
  }

  async #bind(binding: BindingRequest, dryRun: boolean, signal: AbortSignal): Promise<BindingOutcome> {
    const { pods, nodes, context, events, now } = this.#options;
    let pod = pods.get(binding.namespace, binding.pod);
    // A Pod of the same name that came after the one we remember.
    if (pod?.metadata.uid !== undefined && binding.uid !== undefined && pod.metadata.uid !== binding.uid)
      pod = undefined;
    pod ??= await this.#read(binding, signal);
    for (let attempt = 1; ; attempt++) {
      if (pod === undefined || isBound(pod)) return "stale";
      if (binding.uid !== undefined && pod.metadata.uid !== binding.uid) return "stale";
      if (!this.#isMeant(pod)) return "skipped";
      const node = await nodes.find(binding.node, pod, signal);
      if (node === undefined) return "unknown-node";
      const asking = { pod, namespace: binding.namespace, signal };
      const reselections = await reselect(asking, node, context, now());
      signal.throwIfAborted();
      const operations = bindingPatch(pod, reselections);
      if (operations.length > 0 && dryRun) return "dry-run";
      if (operations.length === 0) {
        if (!dryRun) events.surprises(pod, binding, reselections);
        return leftOutcome(reselections);
      }
      try {
        await this.#turns.run(signal, () => {
          const target = { resource: podResource, namespace: binding.namespace, name: binding.pod };
          return this.#options.client.patch(target, { type: "json", operations }, { signal, fieldManager, parse });
        });
        events.surprises(pod, binding, reselections);
        return writtenOutcome(reselections);
      } catch (error) {
        if (!isKubernetesError(error, "INVALID", "CONFLICT", "FORBIDDEN", "NOT_FOUND") || signal.aborted) throw error;
        const found = await this.#read(binding, signal);
        if (found === undefined) return "stale";
        if (error.code !== "CONFLICT" && !testsDiffer(pod, found, reselections)) {
          return this.#refused(pod, binding, error);
        }
        if (attempt === maxAttempts) throw error;
        pod = found;
      }
    }
  }

  /** The tests would pass: so it was not they that failed, but a policy or missing rights. */
  #refused(pod: Pod, binding: BindingRequest, error: KubernetesError): BindingOutcome {
    this.#options.log.warn(
      { ...binding, error },
      "the API server refused the build for a node; the Pod is bound as it was",
    );
    this.#options.events.refused(pod, binding, error.causes[0]?.message ?? error.message);
    return "refused";
  }

  /** The selectors of a webhook see the Binding, so what the Pod says of itself is looked at here. */
  #isMeant({ metadata: { labels, annotations } }: Pod): boolean {
    const rewrite = labels?.["metahub.dev/rewrite"];
    if (rewrite === "disabled" || (this.#options.labelledOnly === true && rewrite !== "enabled")) return false;
    return annotations?.["metahub.dev/strategy"] !== "admission";
  }

  /** Undefined where there is none. */
  async #read({ namespace, pod: name }: BindingRequest, signal: AbortSignal): Promise<Pod | undefined> {
    try {
      return await this.#turns.run(signal, () =>
        this.#options.client.get(
          { resource: podResource, namespace, name },
          { signal, parse: (value) => trimPod(parsePod(value)) },
        ),
      );
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }
}

/** Nothing of the answer is needed. */
function parse(): undefined {
  return undefined;
}

function writtenOutcome(reselections: readonly Reselection[]): BindingOutcome {
  const kinds = new Set(reselections.map(({ kind }) => kind));
  if (kinds.has("return")) return "returned";
  return kinds.has("correct") ? "corrected" : "written";
}

/** The one that an operator should look at first. */
function leftOutcome(reselections: readonly Reselection[]): BindingOutcome {
  const codes = new Set(reselections.map(({ code }) => code));
  if (codes.has("unproven")) return "unproven";
  if (codes.has("nothing-fits")) return "nothing-fits";
  if (codes.has("deadline")) return "deadline";
  return codes.has("registry-failed") || codes.has("not-found") ? "undecided" : "unchanged";
}
