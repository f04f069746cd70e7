import type { Container, Pod, Volume } from "../api/pod.ts";
import { type Reference, withDigest, withTagAndDigest } from "../oci/reference.ts";
import { RegistryError } from "../registry/error.ts";
import type { Image } from "../registry/images.ts";
import { parseSelection, selectionAnnotation } from "../rewriting/annotation.ts";
import { type DecisionContext, explainFailure } from "../rewriting/decide.ts";
import type { DecisionCode, ImageDecision } from "../rewriting/decision.ts";
import { type ImagePlace, imagePlaces } from "../rewriting/images.ts";
import {
  type Asking,
  type ImageKnowledge,
  type Origin,
  originalReference,
  originOf,
  readReference,
} from "../rewriting/origin.ts";
import { noteName, type PodDecision } from "../rewriting/patch.ts";

export type AdmissionContext = DecisionContext & ImageKnowledge;

interface Chosen {
  readonly place: ImagePlace;
  readonly reference: Reference;
  readonly origin: Origin & { readonly kind: "chosen" };
}

/** Reasons to leave a build that say nothing about whether it is the right one. */
const undecided: ReadonlySet<DecisionCode> = new Set<DecisionCode>([
  "not-ready",
  "deadline",
  "registry-failed",
  "registry-not-asked",
  "not-found",
]);

/**
 * A new Pod whose annotation says that its images were chosen before: a copy (`kubectl debug --copy-to`), a restored
 * backup, a template that `metahub rewrite` made, this very Pod when the webhook is called again for it; or a forgery.
 * Each claim is proven or not (`originOf`). What proves itself is decided on as the index that it is a build of.
 */
export class Copies {
  /** The Pod with the indexes in the place of their builds. */
  readonly pod: Pod;
  /** Knows those indexes without asking again. */
  readonly context: AdmissionContext;
  readonly #asking: Asking;
  readonly #chosen: ReadonlyMap<string, Chosen>;
  readonly #kept: ReadonlyMap<string, PodDecision>;

  /** Looks at every image that the annotation speaks of. Never throws for what a registry or the owner did. */
  static async of(asking: Asking, context: AdmissionContext): Promise<Copies> {
    const chosen = new Map<string, Chosen>();
    const kept = new Map<string, PodDecision>();
    const notes = parseSelection(asking.pod.metadata.annotations?.[selectionAnnotation]);
    await Promise.all(
      (notes.size === 0 ? [] : imagePlaces(asking.pod)).map(async (place) => {
        const found = await examine(place, notes.get(noteName(place)), asking, context);
        if (found === undefined) return;
        if ("origin" in found) chosen.set(place.pointer, found);
        else kept.set(place.pointer, found);
      }),
    );
    return new Copies(asking, context, chosen, kept);
  }

  constructor(
    asking: Asking,
    context: AdmissionContext,
    chosen: ReadonlyMap<string, Chosen>,
    kept: ReadonlyMap<string, PodDecision>,
  ) {
    this.#asking = asking;
    this.#chosen = chosen;
    this.#kept = kept;
    const indexes = new Map<string, Image>();
    const images = new Map<string, string>();
    for (const [pointer, { reference, origin }] of chosen) {
      const { digest } = origin.image.descriptor;
      images.set(pointer, (reference.tag === undefined ? withDigest : withTagAndDigest)(reference, digest));
      indexes.set(`${reference.name}@${digest}`, origin.image);
    }
    this.pod = images.size === 0 ? asking.pod : withImages(asking.pod, images);
    this.context = indexes.size === 0 ? context : knowing(indexes, context);
  }

  /** The decisions on `pod` as decisions on the Pod as it came. */
  carryOver(decisions: readonly ImageDecision[]): Promise<readonly PodDecision[]> {
    return Promise.all(
      decisions.map(async (decision) => {
        const { pointer } = decision.place;
        const chosen = this.#chosen.get(pointer);
        if (chosen !== undefined) return await this.#carryOver(decision, chosen);
        return this.#kept.get(pointer) ?? decision;
      }),
    );
  }

  async #carryOver(decision: ImageDecision, { place, reference, origin }: Chosen): Promise<PodDecision> {
    const { variant, code } = decision;
    const { image: _, ...same } = { ...decision, place };
    if (undecided.has(code)) return same;
    // The tag beside the digest is not worth another spelling.
    if (variant === reference.digest) return { ...same, asked: origin.askedText };
    if (variant !== undefined) return { ...decision, place, asked: origin.askedText };
    // Chosen for other machines than it may land on now: it must not run there, also if nobody is asked at its binding.
    const original = await originalReference(reference, origin, this.context, this.#asking);
    return { ...same, image: original, asked: original };
  }
}

/** Undefined where the annotation claims nothing of the image that it has. */
async function examine(
  place: ImagePlace,
  note: Readonly<Record<string, unknown>> | undefined,
  asking: Asking,
  context: AdmissionContext,
): Promise<Chosen | PodDecision | undefined> {
  const reference = note === undefined ? undefined : readReference(place.image);
  if (note === undefined || reference?.digest === undefined || !context.mayAsk(reference.registry)) return undefined;
  // Without these two it claims nothing, and `originOf` would only look the image up.
  if (note["variant"] !== reference.digest || typeof note["index"] !== "string") return undefined;
  try {
    const origin = await originOf(reference, note, context, asking);
    if (origin.kind === "asked") return undefined;
    if (origin.kind === "chosen") return { place, reference, origin };
    const claim = { asked: String(note["asked"] ?? ""), index: note["index"], variant: reference.digest };
    return { place, code: "unproven", ...claim, machineTypes: [], reason: origin.reason, warn: true };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const [code, reason] = explainFailure(error, reference.registry, asking.signal);
    return { place, code, machineTypes: [], reason, warn: true };
  }
}

function withImages(pod: Pod, images: ReadonlyMap<string, string>): Pod {
  const { spec } = pod;
  const containers = (kind: "initContainers" | "containers"): { [key: string]: readonly Container[] } => {
    const list = spec[kind]?.map((container, index) => {
      const image = images.get(`/spec/${kind}/${index}/image`);
      return image === undefined ? container : { ...container, image };
    });
    return list === undefined ? {} : { [kind]: list };
  };
  const volumes = spec.volumes?.map((volume, index): Volume => {
    const reference = images.get(`/spec/volumes/${index}/image/reference`);
    return reference === undefined ? volume : { ...volume, image: { ...volume.image, reference } };
  });
  return {
    ...pod,
    spec: {
      ...spec,
      ...containers("initContainers"),
      ...containers("containers"),
      ...(volumes === undefined ? {} : { volumes }),
    },
  };
}

function knowing(indexes: ReadonlyMap<string, Image>, context: AdmissionContext): AdmissionContext {
  return {
    ...context,
    lookup: async (reference, pod, namespace, signal) =>
      indexes.get(`${reference.name}@${reference.digest}`) ?? context.lookup(reference, pod, namespace, signal),
  };
}
