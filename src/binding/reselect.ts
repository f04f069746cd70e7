import type { Pod } from "../api/pod.ts";
import { type Reference, withDigest, withTagAndDigest } from "../oci/reference.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import { RegistryError } from "../registry/error.ts";
import { isOpen, parseSelection, readNote, type SelectionNote, selectionAnnotation } from "../rewriting/annotation.ts";
import { explainFailure, type ImageForm, type JudgeOptions } from "../rewriting/decide.ts";
import type { DecisionCode } from "../rewriting/decision.ts";
import { type ImagePlace, imagePlaces } from "../rewriting/images.ts";
import type { IndexImage } from "../rewriting/memory.ts";
import {
  type Asking,
  type ImageKnowledge,
  type Origin,
  originalReference,
  originOf,
  readReference,
} from "../rewriting/origin.ts";
import { noteName } from "../rewriting/patch.ts";
import { describeRequirement, type Verdict } from "../rewriting/verdict.ts";
import { offered } from "../selection/offered.ts";
import { select } from "../selection/select.ts";

export interface ReselectContext extends ImageKnowledge {
  judge(image: IndexImage, landings: readonly PlacedProfile[], how: JudgeOptions): Verdict;
  /** False for registries that may not be asked. */
  mayAsk(registry: string): boolean;
  readonly imageForm: ImageForm;
}

/** The node that a Pod is bound to. */
export interface BoundNode {
  readonly name: string;
  /** The node alone, as the only place where the Pod can land. The same array for equal nodes. */
  readonly landings: readonly PlacedProfile[];
  /** All places where the Pod could have landed, for `strategy: common`. */
  readonly candidates: readonly PlacedProfile[];
  /** What the node offers to containers that get devices by DRA, by their names. */
  readonly containers?: ReadonlyMap<string, Pick<BoundNode, "landings" | "candidates" | "doubt">>;
  /** What could not be found out of a container's devices, one line for people. */
  readonly doubt?: string;
}

/** What becomes of one image of a Pod, now that its node is known. */
export interface Reselection {
  readonly place: ImagePlace;
  /**
   * `keep`: it stays. `choose`: a build instead of what the owner wrote. `correct`: another build than the one chosen at
   * admission. `move`: another than was chosen for a node to which the Pod was not bound in the end. `return`: what the
   * owner wrote instead of a build that this node does not run.
   */
  readonly kind: "keep" | "choose" | "correct" | "move" | "return";
  readonly code: DecisionCode;
  /** One line for people. */
  readonly reason: string;
  /** What was not known of the container's devices, so that nothing was chosen for them. */
  readonly doubt?: string;
  /** True where the Pod's owner should hear of it. */
  readonly surprising: boolean;
  /**
   * What is to be written, where it does not stay. For `keep` it is the note alone, where admission left the choice
   * open: so that the Pod tells what was decided, and a choice that is still open once it is bound was missed.
   */
  readonly write?: { readonly image: string; readonly note: SelectionNote };
}

/** Decides on every image of a Pod that may still change. Never throws for what a registry or the Pod's owner did. */
export function reselect(
  asking: Asking,
  node: BoundNode,
  context: ReselectContext,
  now: Date,
): Promise<readonly Reselection[]> {
  const { annotations } = asking.pod.metadata;
  const notes = parseSelection(annotations?.[selectionAnnotation]);
  const common = annotations?.["metahub.dev/strategy"] === "common";
  return Promise.all(
    changeable(asking.pod).map(async (place) => {
      const own = { ...node, ...node.containers?.get(place.name) };
      const note = notes.get(noteName(place));
      const made = await new ImageReselection(place, note, common, asking, own, context, now).decide();
      if (node.containers?.has(place.name) !== true) return made;
      // Which devices it gets nobody could know at admission: another build than the one chosen there is no surprise.
      const surprising = made.surprising && made.kind !== "correct";
      const chosen = made.kind !== "keep" || made.code === "selected" || made.code === "nothing-fits";
      return { ...made, surprising, ...(chosen && own.doubt !== undefined ? { doubt: own.doubt } : {}) };
    }),
  );
}

/** Whether the choice was left to the binding, or to be made for another node. */
function wasLeft(note: Readonly<Record<string, unknown>>, node: string): boolean {
  return isOpen(note) || (note["variant"] === undefined && typeof note["node"] === "string" && note["node"] !== node);
}

function typesOf(machineTypes: readonly string[]): Pick<SelectionNote, "machineType"> {
  return machineTypes.length === 0 ? {} : { machineType: machineTypes.slice(0, 4).join(",") };
}

/** Ephemeral containers and image volumes never change once they are there. */
function changeable(pod: Pod): readonly ImagePlace[] {
  return imagePlaces(pod).filter(({ kind }) => kind === "containers" || kind === "initContainers");
}

class ImageReselection {
  readonly #place: ImagePlace;
  readonly #note: Readonly<Record<string, unknown>> | undefined;
  readonly #how: JudgeOptions;
  readonly #asking: Asking;
  readonly #node: BoundNode;
  readonly #context: ReselectContext;
  readonly #now: Date;

  constructor(
    place: ImagePlace,
    note: Readonly<Record<string, unknown>> | undefined,
    common: boolean,
    asking: Asking,
    node: BoundNode,
    context: ReselectContext,
    now: Date,
  ) {
    this.#place = place;
    this.#note = note;
    this.#how = { accelerated: place.accelerated, common };
    this.#asking = asking;
    this.#node = node;
    this.#context = context;
    this.#now = now;
  }

  async decide(): Promise<Reselection> {
    const { image } = this.#place;
    const reference = readReference(image);
    // The kubelet refuses it in its own words (InvalidImageName).
    if (reference === undefined) return this.#keep("invalid-reference", "it is not a valid image reference");
    if (!this.#context.mayAsk(reference.registry)) {
      return this.#keep("registry-not-asked", `${reference.registry} is not a registry that MetaHub may ask`);
    }
    try {
      const origin = await originOf(reference, this.#note, this.#context, this.#asking);
      if (origin.kind === "unproven") return this.#keep("unproven", origin.reason, true);
      if (origin.image.kind !== "index") return this.#keep("no-index", "it is one build, not an index of several");
      return origin.kind === "asked"
        ? this.#fromAsked(reference, origin.image)
        : await this.#fromChosen(reference, origin);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      const [code, reason] = explainFailure(error, reference.registry, this.#asking.signal);
      return this.#keep(code, reason, this.#failureSurprises(code));
    }
  }

  /** What was chosen at admission is right, as far as anybody knows; that a registry does not show an image is usual. */
  #failureSurprises(code: DecisionCode): boolean {
    const { node, variant } = { node: this.#note?.["node"], variant: this.#note?.["variant"] };
    // It may be a build for another node, and nobody can tell now.
    if (typeof node === "string" && node !== this.#node.name) return true;
    return variant === undefined && (code === "registry-failed" || code === "deadline");
  }

  #fromAsked(reference: Reference, image: IndexImage): Reselection {
    const verdict = this.#judge(image);
    if (verdict.variant === undefined) {
      return this.#keep(verdict.code, verdict.reason, verdict.code === "nothing-fits");
    }
    return this.#write("choose", reference, this.#place.image, image, verdict);
  }

  async #fromChosen(reference: Reference, origin: Origin & { readonly kind: "chosen" }): Promise<Reselection> {
    const { image, askedText } = origin;
    // What all nodes have in common was the choice; that this node would run a better one is no reason to leave it.
    if (this.#how.common && this.#runs(image, reference.digest)) {
      return this.#stay("selected", "the build that all its nodes have in common runs here");
    }
    const verdict = this.#judge(image);
    if (verdict.variant?.digest === reference.digest) return this.#stay(verdict.code, verdict.reason);
    const kind = typeof this.#note?.["node"] === "string" ? "move" : "correct";
    if (verdict.variant !== undefined) return this.#write(kind, reference, askedText, image, verdict);
    const original = await originalReference(reference, origin, this.#context, this.#asking);
    const { code, reason } = verdict;
    const note = {
      asked: original,
      index: image.descriptor.digest,
      node: this.#node.name,
      at: this.#at(),
      code,
      reason,
    };
    const surprising = code === "nothing-fits" || kind === "correct";
    return { place: this.#place, kind: "return", code, reason, surprising, write: { image: original, note } };
  }

  /** It is the right build. Where it was chosen for another node, the note must name this one: the controller reads it. */
  #stay(code: DecisionCode, reason: string): Reselection {
    const kept = this.#keep(code, reason);
    const { name } = this.#node;
    const chosenFor = this.#note?.["node"];
    if (this.#note === undefined || typeof chosenFor !== "string" || chosenFor === name) return kept;
    const { machineType: _, ...rest } = readNote(this.#note);
    const note = { ...rest, ...this.#types(), node: name, at: this.#at() };
    return { ...kept, write: { image: this.#place.image, note } };
  }

  #judge(image: IndexImage): Verdict {
    const landings = this.#how.common ? this.#node.candidates : this.#node.landings;
    return this.#context.judge(image, landings, this.#how);
  }

  /** Whether the node runs this build. */
  #runs(image: IndexImage, digest: string | undefined): boolean {
    const same = image.variants.filter((variant) => variant.digest === digest);
    return this.#node.landings.every(
      ({ profile }) => select(same, offered(profile, this.#how.accelerated)).code !== "nothing-fits",
    );
  }

  #write(
    kind: "choose" | "correct" | "move",
    reference: Reference,
    asked: string,
    image: IndexImage,
    verdict: Verdict,
  ): Reselection {
    const { variant, machineTypes, code, reason } = verdict;
    if (variant === undefined) return this.#keep(code, reason);
    const form = this.#context.imageForm === "digest" ? withDigest : withTagAndDigest;
    const note: SelectionNote = {
      asked,
      index: image.descriptor.digest,
      variant: variant.digest,
      requires: describeRequirement(variant),
      ...typesOf(machineTypes),
      node: this.#node.name,
      at: this.#at(),
      code,
      reason,
    };
    const write = { image: form(reference, variant.digest), note };
    return { place: this.#place, kind, code, reason, surprising: kind === "correct", write };
  }

  #keep(code: DecisionCode, reason: string, surprising = false): Reselection {
    const kept = { place: this.#place, kind: "keep" as const, code, reason, surprising };
    const { name } = this.#node;
    if (this.#note === undefined || !wasLeft(this.#note, name)) return kept;
    const { index } = readNote(this.#note);
    const note: SelectionNote = {
      asked: this.#place.image,
      ...(index === undefined ? {} : { index }),
      ...this.#types(),
      node: name,
      at: this.#at(),
      code,
      reason,
    };
    return { ...kept, write: { image: this.#place.image, note } };
  }

  /** The node's own. */
  #types(): Pick<SelectionNote, "machineType"> {
    return typesOf(this.#node.landings.flatMap(({ machineTypes }) => machineTypes));
  }

  #at(): string {
    return `${this.#now.toISOString().slice(0, 19)}Z`;
  }
}
