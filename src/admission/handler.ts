import type { Operation } from "fast-json-patch";
import { parsePod } from "../api/parse-pod.ts";
import type { Pod } from "../api/pod.ts";
import { type PodOptions, readOptions } from "../api/pod-options.ts";
import { selectionAnnotation } from "../rewriting/annotation.ts";
import { patchPod } from "../rewriting/patch.ts";
import type { Logger } from "../telemetry/log.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed, denied, patched } from "../webhook/review.ts";
import type { AdmissionContext } from "./copies.ts";
import type { AdmissionMetrics } from "./metrics.ts";
import { type PodReview, reviewChanged, reviewNew } from "./pod-review.ts";
import { refusalOf } from "./refusal.ts";
import { Steering, type SteeringOptions } from "./steer.ts";
import { fitWarning, warningsOf } from "./warnings.ts";

export interface PodHandlerOptions {
  readonly context: AdmissionContext;
  readonly metrics: AdmissionMetrics;
  readonly log: Logger;
  readonly now: () => Date;
  readonly steering?: SteeringOptions;
}

/** The mutating handler of Pods at CREATE and UPDATE, and of ephemeral containers that are added to them. */
export class PodHandler {
  readonly #context: AdmissionContext;
  readonly #metrics: AdmissionMetrics;
  readonly #log: Logger;
  readonly #now: () => Date;
  readonly #steering: Steering;

  constructor(options: PodHandlerOptions) {
    this.#context = options.context;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#now = options.now;
    this.#steering = new Steering(options.steering);
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    const { operation, namespace } = request;
    const ephemeral = request.subResource === "ephemeralcontainers";
    const mine = request.resource.resource === "pods" && (request.subResource === undefined || ephemeral);
    if (!mine || (operation !== "CREATE" && operation !== "UPDATE")) return allowed(request.uid);
    const pod = parsePod(request.object);
    // The webhook configuration leaves these out already; a configuration of one's own may not.
    if (isMirror(pod.metadata.annotations) || pod.metadata.labels?.["metahub.dev/rewrite"] === "disabled") {
      return allowed(request.uid);
    }
    const options = readOptions(pod.metadata.annotations);
    const given = { pod: ephemeral ? withEphemeralOnly(pod) : pod, object: request.object, namespace, options };
    const old = operation === "UPDATE" ? parsePod(request.oldObject) : undefined;
    const review =
      old === undefined
        ? await reviewNew(given, this.#context, this.#steering, signal)
        : await reviewChanged(given, old, this.#context, signal);
    const { decisions } = review;
    for (const { code } of decisions) this.#metrics.images.inc({ code });
    const refusal = refusalOf(options, decisions);
    if (refusal !== undefined) return denied(request.uid, refusal);
    const before = (old ?? pod).metadata.annotations?.[selectionAnnotation];
    const patch: readonly Operation[] = [...review.steering, ...patchPod(pod, decisions, this.#now(), before)];
    this.#log.debug(
      {
        namespace,
        pod: request.name === "" ? pod.metadata.generateName : request.name,
        images: decisions.map(({ place, code, image }) => ({ asked: place.image, code, image })),
        steered: review.steering.length > 0,
      },
      "pod reviewed",
    );
    // The subresource changes ephemeral containers and nothing else (kubernetes/pkg/registry/core/pod/strategy.go,
    // podEphemeralContainersStrategy): a note in the annotation would be dropped.
    const kept = ephemeral ? patch.filter(({ path }) => path.startsWith("/spec/ephemeralContainers/")) : patch;
    return patched(request.uid, kept, this.#warnings(options, review));
  }

  #warnings({ mistakes, strategy }: PodOptions, { decisions, notSteered }: PodReview): readonly string[] {
    const further = [...mistakes];
    if (strategy === "bind" && this.#context.atBinding !== true) {
      further.push("annotation metahub.dev/strategy: nothing is chosen at binding in this cluster; taken as auto");
    }
    if (notSteered !== undefined)
      further.push(`annotation metahub.dev/no-match: the Pod is not steered: ${notSteered}`);
    return [...warningsOf(decisions), ...further.map((text) => fitWarning(`metahub: ${text}`))];
  }
}

/** Containers and image volumes cannot be changed by the way of ephemeral containers. */
function withEphemeralOnly(pod: Pod): Pod {
  return { ...pod, spec: { ...pod.spec, initContainers: [], containers: [], volumes: [] } };
}

/** Static Pods: the kubelet ignores what becomes of their mirror, and a changed mirror is deleted and made again. */
function isMirror(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return annotations?.["kubernetes.io/config.mirror"] !== undefined;
}
