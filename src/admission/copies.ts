import { type Reference, withDigest, withTagAndDigest } from "../oci/reference.ts";
import { RegistryError } from "../registry/error.ts";
import type { Image } from "../registry/images.ts";
import { type DecisionContext, explainFailure } from "../rewriting/decide.ts";
import type { DecisionCode, ImageDecision } from "../rewriting/decision.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import { noteName, type SelectionNote } from "../rewriting/notes/note.ts";
import {
  type Asking,
  claimsChoice,
  type ImageKnowledge,
  type Origin,
  originalReference,
  originOf,
  pinnedReason,
  readReference,
} from "../rewriting/origin.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import type { AskedImages, NotedImages } from "../rewriting/reviewed-pod.ts";

export type AdmissionContext = DecisionContext & ImageKnowledge;

/** By pointers of places. */
interface Examined {
  readonly chosen: ReadonlyMap<string, Chosen>;
  readonly kept: ReadonlyMap<string, PodDecision>;
  readonly claimed: ReadonlySet<string>;
}

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
 * Images whose notes say that they were chosen before: of a copy (`kubectl debug --copy-to`), of a restored backup, of
 * this very Pod when the webhook is called again for it or its owner's wishes change; or a forgery. A build whose note
 * proves itself is decided on as the index that it is one of. Any other that is named by its digest is pinned, and where
 * its note claims more its owner hears of it.
 */
export class Copies {
  /** The images to decide on, with the indexes in the place of their builds. */
  readonly asked: AskedImages;
  /** Knows those indexes without asking again. */
  readonly context: AdmissionContext;
  readonly #asking: Asking;
  readonly #chosen: ReadonlyMap<string, Chosen>;
  readonly #kept: ReadonlyMap<string, PodDecision>;
  /** Pointers of images whose notes say more than they prove. */
  readonly #claimed: ReadonlySet<string>;

  /** Looks at every image that the notes speak of. Never throws for what a registry or the owner did. */
  static async of(
    noted: NotedImages,
    namespace: string,
    context: AdmissionContext,
    signal: AbortSignal,
  ): Promise<Copies> {
    const { pod, places, notes, claims } = noted;
    const asking = { pod, namespace, signal };
    const chosen = new Map<string, Chosen>();
    const kept = new Map<string, PodDecision>();
    const unproven = places.filter((place) => {
      const name = noteName(place);
      return !notes.has(name) && claimsChoice(claims.get(name), place.image);
    });
    const claimed = new Set(unproven.map(({ pointer }) => pointer));
    if (notes.size === 0) return new Copies(noted, asking, context, { chosen, kept, claimed });
    await Promise.all(
      places.map(async (place) => {
        const found = await examine(place, notes.get(noteName(place)), asking, context);
        if (found === undefined) return;
        if ("origin" in found) chosen.set(place.pointer, found);
        else kept.set(place.pointer, found);
      }),
    );
    return new Copies(noted, asking, context, { chosen, kept, claimed });
  }

  constructor(given: AskedImages, asking: Asking, context: AdmissionContext, { chosen, kept, claimed }: Examined) {
    this.#asking = asking;
    this.#chosen = chosen;
    this.#kept = kept;
    this.#claimed = claimed;
    const indexes = new Map<string, Image>();
    const images = new Map<string, string>();
    for (const [pointer, { reference, origin }] of chosen) {
      const { digest } = origin.image.descriptor;
      images.set(pointer, (reference.tag === undefined ? withDigest : withTagAndDigest)(reference, digest));
      indexes.set(`${reference.name}@${digest}`, origin.image);
    }
    this.asked = images.size === 0 ? given : withImages(given, images);
    this.context = indexes.size === 0 ? context : knowing(indexes, context);
  }

  /** The decisions on `asked` as decisions on the Pod as it came. */
  carryOver(decisions: readonly ImageDecision[]): Promise<readonly PodDecision[]> {
    return Promise.all(
      decisions.map(async (decision) => {
        const { pointer } = decision.place;
        const chosen = this.#chosen.get(pointer);
        if (chosen !== undefined) return await this.#carryOver(decision, chosen);
        const kept = this.#kept.get(pointer);
        if (kept !== undefined) return kept;
        const pinned = decision.code === "no-index" && this.#claimed.has(pointer);
        return pinned ? { ...decision, code: "unproven", reason: pinnedReason, warn: true } : decision;
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

/** Undefined where no note that proves itself says anything of the image that is there. */
async function examine(
  place: ImagePlace,
  note: SelectionNote | undefined,
  asking: Asking,
  context: AdmissionContext,
): Promise<Chosen | PodDecision | undefined> {
  const reference = note === undefined ? undefined : readReference(place.image);
  if (note === undefined || reference?.digest === undefined || !context.mayAsk(reference.registry)) return undefined;
  // Without these two it says nothing of it, and `originOf` would only look the image up.
  if (note.variant !== reference.digest || note.index === undefined) return undefined;
  try {
    const origin = await originOf(reference, note, context, asking);
    if (origin.kind === "asked") return undefined;
    if (origin.kind === "chosen") return { place, reference, origin };
    return { place, code: "unproven", machineTypes: [], reason: origin.reason, warn: true };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const [code, reason] = explainFailure(error, reference.registry, asking.signal);
    return { place, code, machineTypes: [], reason, warn: true };
  }
}

function withImages({ pod, options, places }: AskedImages, images: ReadonlyMap<string, string>): AskedImages {
  const given = (place: ImagePlace): ImagePlace => {
    const image = images.get(place.pointer);
    return image === undefined ? place : { ...place, image };
  };
  return { pod, options, places: places.map(given) };
}

function knowing(indexes: ReadonlyMap<string, Image>, context: AdmissionContext): AdmissionContext {
  return {
    ...context,
    lookup: async (reference, pod, namespace, signal) =>
      indexes.get(`${reference.name}@${reference.digest}`) ?? context.lookup(reference, pod, namespace, signal),
  };
}
