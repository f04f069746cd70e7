import { parsePod } from "../api/parse-pod.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { selectionAnnotation } from "./annotation.ts";
import { type DecisionContext, decide } from "./decide.ts";
import type { ImageDecision } from "./decision.ts";
import { patchPod } from "./patch.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed, denied, patched } from "./review.ts";
import { compareImages } from "./update.ts";

/** The mutating handler of Pods at CREATE and UPDATE. */
export class PodHandler {
  readonly #context: DecisionContext;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #now: () => Date;

  constructor(options: { context: DecisionContext; metrics: Metrics; log: Logger; now: () => Date }) {
    this.#context = options.context;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#now = options.now;
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    const { operation } = request;
    const mine = request.resource.resource === "pods" && request.subResource === undefined;
    if (!mine || (operation !== "CREATE" && operation !== "UPDATE")) return allowed(request.uid);
    const pod = parsePod(request.object);
    // The webhook configuration leaves these out already; a configuration of one's own may not.
    if (isMirror(pod.metadata.annotations) || pod.metadata.labels?.["metahub.dev/rewrite"] === "disabled") {
      return allowed(request.uid);
    }
    const old = operation === "UPDATE" ? parsePod(request.oldObject) : undefined;
    const { restored, asked } = old === undefined ? { restored: [], asked: pod } : compareImages(pod, old);
    const decisions = [...restored, ...(await decide(asked, request.namespace, this.#context, signal))];
    for (const { code } of decisions) this.#metrics.images.inc({ code });
    const refusal = this.#refusal(pod.metadata.annotations, decisions);
    if (refusal !== undefined) return denied(request.uid, refusal);
    const warnings = decisions.filter(({ warn }) => warn).map(warningOf);
    const patch = patchPod(pod, decisions, this.#now(), (old ?? pod).metadata.annotations?.[selectionAnnotation]);
    this.#log.debug(
      {
        namespace: request.namespace,
        pod: request.name === "" ? pod.metadata.generateName : request.name,
        images: decisions.map(({ place, code, image }) => ({ asked: place.image, code, image })),
      },
      "pod reviewed",
    );
    return patched(request.uid, patch, warnings);
  }

  /** Only a Pod that asks for it is refused, and only where it is certain that no candidate node fits. */
  #refusal(annotations: Readonly<Record<string, string>> | undefined, decisions: readonly ImageDecision[]) {
    if (annotations?.["metahub.dev/no-match"] !== "deny") return undefined;
    const unmatched = decisions.filter(({ code }) => code === "nothing-fits");
    if (unmatched.length === 0) return undefined;
    const reasons = unmatched.map(({ place, reason }) => `${place.name}: ${place.image}: ${reason}`);
    return `no build fits the nodes that this Pod can land on (annotation metahub.dev/no-match: deny): ${reasons.join("; ")}`.slice(
      0,
      1024,
    );
  }
}

/** Static Pods: the kubelet ignores what becomes of their mirror, and a changed mirror is deleted and made again. */
function isMirror(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return annotations?.["kubernetes.io/config.mirror"] !== undefined;
}

function warningOf({ place, reason }: ImageDecision): string {
  const image = place.image.length > 80 ? `${place.image.slice(0, 79)}…` : place.image;
  return `metahub: image ${image} of ${place.name} is left as written: ${reason}`;
}
