import type { Operation } from "fast-json-patch";
import { parsePod } from "../api/parse-pod.ts";
import type { Pod } from "../api/pod.ts";
import { mirrorAnnotation, noMatchAnnotation, strategyAnnotation } from "../api/pod-keys.ts";
import { isMeant, type PodOptions, readOptions } from "../api/pod-options.ts";
import type { SelectionNotes } from "../rewriting/notes/note.ts";
import { oversize } from "../rewriting/oversize.ts";
import { patchImages, patchPod } from "../rewriting/patch.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import type { Logger } from "../telemetry/log.ts";
import type { NamespaceReach } from "../webhook/reach.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed, denied, patched } from "../webhook/review.ts";
import type { AdmissionContext } from "./copies.ts";
import { notesToPutBack, type UnprovenNotes } from "./earlier-notes.ts";
import type { AdmissionMetrics } from "./metrics.ts";
import { type PodReview, reviewChanged, reviewNew } from "./pod-review.ts";
import { refusalOf } from "./refusal.ts";
import { Steering, type SteeringOptions } from "./steer.ts";
import { ownWritings } from "./update.ts";
import { fitWarning, warningsOf } from "./warnings.ts";

export interface PodHandlerOptions {
  readonly context: AdmissionContext;
  readonly metrics: AdmissionMetrics;
  readonly log: Logger;
  readonly now: () => Date;
  readonly steering?: SteeringOptions;
  /** Default: `restore`. */
  readonly unprovenNotes?: UnprovenNotes;
  /** Absent: all namespaces are meant. */
  readonly reach?: Pick<NamespaceReach, "of">;
}

/** Characters of a text, and images of a Pod, that are logged. */
const mostLogged = 256;
const mostImages = 32;
const namespaceUnknown = "metahub: the Pod's namespace cannot be read; images are left as written";

/** The mutating handler of Pods at CREATE and UPDATE, and of ephemeral containers that are added to them. */
export class PodHandler {
  readonly #context: AdmissionContext;
  readonly #metrics: AdmissionMetrics;
  readonly #log: Logger;
  readonly #now: () => Date;
  readonly #steering: Steering;
  readonly #unprovenNotes: UnprovenNotes;
  readonly #reach: PodHandlerOptions["reach"];

  constructor(options: PodHandlerOptions) {
    this.#context = options.context;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#now = options.now;
    this.#steering = new Steering(options.steering);
    this.#unprovenNotes = options.unprovenNotes ?? "restore";
    this.#reach = options.reach;
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    // The webhook configuration leaves these out already; a configuration of one's own, or a forged call, may not.
    const reach = isAboutPods(request) ? ((await this.#reach?.of(request.namespace, signal)) ?? "all") : "none";
    if (reach === "none") return allowed(request.uid);
    if (reach === "unknown") return allowed(request.uid, [namespaceUnknown]);
    const tooLarge = oversize(request.object) ?? oversize(request.oldObject);
    if (tooLarge === undefined) return await this.#review(request, reach === "labelled", signal);
    this.#metrics.images.inc({ code: "too-many-images" });
    return allowed(request.uid, [`metahub: ${tooLarge}`]);
  }

  async #review(
    request: AdmissionRequest,
    labelledOnly: boolean,
    signal: AbortSignal,
  ): Promise<AdmissionReviewResponse> {
    const { operation, namespace } = request;
    const ephemeral = isEphemeral(request);
    const pod = parsePod(request.object);
    const options = readOptions(pod.metadata);
    if (isMirror(pod) || !isMeant(options, labelledOnly)) return allowed(request.uid);
    const served = this.#context.allocatedResources?.();
    // Of an update the notes in the old object count: anybody may write others into the new one.
    const proof = { keys: this.#context.noteKeys(), namespace, copied: operation !== "UPDATE" };
    const reviewed = reviewPod(ephemeral ? withEphemeralOnly(pod) : pod, { options, served, proof });
    const old = proof.copied ? undefined : reviewPod(parsePod(request.oldObject), { proof });
    const putBack = old === undefined ? reviewed.notes : notesToPutBack(old, this.#unprovenNotes);
    const written: SelectionNotes = old === undefined ? new Map() : ownWritings(reviewed, old, this.#now());
    const review =
      old === undefined
        ? await reviewNew({ reviewed, object: request.object, namespace }, this.#context, this.#steering, signal)
        : await reviewChanged({ reviewed, old, putBack, written, namespace }, this.#context, signal);
    const { decisions, steering } = review;
    for (const { code } of decisions) this.#metrics.images.inc({ code });
    const refusal = refusalOf(options, decisions);
    if (refusal !== undefined) return denied(request.uid, refusal);
    // The subresource changes ephemeral containers and nothing else (kubernetes/pkg/registry/core/pod/strategy.go,
    // podEphemeralContainersStrategy): a note in the annotation would be dropped.
    const patch: readonly Operation[] = ephemeral
      ? patchImages(decisions)
      : [...steering, ...patchPod(reviewed, decisions, this.#now(), new Map([...putBack, ...written]))];
    this.#log.debug(
      {
        namespace,
        pod: request.name === "" ? pod.metadata.generateName?.slice(0, mostLogged) : request.name,
        images: decisions.slice(0, mostImages).map(({ place, code, image }) => ({
          asked: place.image.slice(0, mostLogged),
          code,
          image: image?.slice(0, mostLogged),
        })),
        steered: steering.length > 0,
      },
      "pod reviewed",
    );
    return patched(request.uid, patch, this.#warnings(options, review));
  }

  #warnings({ mistakes, strategy }: PodOptions, { decisions, notSteered }: PodReview): readonly string[] {
    const further = [...mistakes];
    if (strategy === "bind" && this.#context.atBinding !== true) {
      further.push(`annotation ${strategyAnnotation}: nothing is chosen at binding in this cluster; taken as auto`);
    }
    if (notSteered !== undefined)
      further.push(`annotation ${noMatchAnnotation}: the Pod is not steered: ${notSteered}`);
    return [...warningsOf(decisions), ...further.map((text) => fitWarning(`metahub: ${text}`))];
  }
}

function isEphemeral({ subResource }: AdmissionRequest): boolean {
  return subResource === "ephemeralcontainers";
}

function isAboutPods(request: AdmissionRequest): boolean {
  const { operation, resource, subResource } = request;
  const mine = resource.resource === "pods" && (subResource === undefined || isEphemeral(request));
  return mine && (operation === "CREATE" || operation === "UPDATE");
}

/** Containers and image volumes cannot be changed by the way of ephemeral containers. */
function withEphemeralOnly(pod: Pod): Pod {
  return { ...pod, spec: { ...pod.spec, initContainers: [], containers: [], volumes: [] } };
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}
