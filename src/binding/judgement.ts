import type { Reference } from "../oci/reference.ts";
import type { Variant } from "../oci/variant.ts";
import { RegistryError } from "../registry/error.ts";
import type { IndexImage } from "../registry/images.ts";
import { buildReference } from "../rewriting/build-reference.ts";
import { explainFailure, type JudgeOptions } from "../rewriting/decide.ts";
import type { DecisionCode } from "../rewriting/decision.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import { type SelectionNote, sourceOf } from "../rewriting/notes/note.ts";
import {
  type Asking,
  claimsChoice,
  type Origin,
  originalReference,
  originOf,
  pinnedReason,
  readReference,
} from "../rewriting/origin.ts";
import type { Verdict } from "../rewriting/verdict.ts";
import type { BoundNode, ReselectContext } from "./reselection.ts";

/** One image, and all that is known of it before anybody is asked. */
export interface Judged {
  readonly place: ImagePlace;
  /** The note on it, where that proves itself. */
  readonly note: SelectionNote | undefined;
  /** The annotation's word on it, whoever wrote it. */
  readonly claim: SelectionNote | undefined;
  /** Whether the build that all of the Pod's nodes have in common is wanted. */
  readonly common: boolean;
  readonly node: BoundNode;
}

interface Ruling {
  readonly code: DecisionCode;
  /** One line for people. */
  readonly reason: string;
  /** True where the Pod's owner should hear of it. */
  readonly surprising: boolean;
}

/**
 * The ruling on one image for one node; nothing is said yet of any note. `keep`: it stays, though nobody knows it to be
 * right. `right`: it is the right build. The others are those of a `Reselection`.
 */
export type Judgement = Ruling & ({ readonly kind: "keep" } | Right | ChosenBuild | Return);

interface Right {
  readonly kind: "right";
  /** Whether its index has other builds. */
  readonly choice: boolean;
}

interface Return {
  readonly kind: "return";
  /** The reference to put back. */
  readonly image: string;
  readonly source: Source;
}

/** The part of a note that says what was chosen from. */
type Source = Pick<SelectionNote, "index" | "list">;

export interface ChosenBuild {
  readonly kind: "choose" | "correct" | "move";
  /** The reference of the build. */
  readonly image: string;
  readonly asked: string;
  readonly source: Source;
  readonly variant: Variant;
  readonly machineTypes: readonly string[];
}

/** Judges one image. Never throws for what a registry or the Pod's owner did. */
export async function judgeImage(judged: Judged, context: ReselectContext, asking: Asking): Promise<Judgement> {
  const { place, note } = judged;
  const reference = readReference(place.image);
  // The kubelet refuses it in its own words (InvalidImageName).
  if (reference === undefined) return keep("invalid-reference", "it is not a valid image reference");
  if (!context.mayAsk(reference.registry)) {
    return keep("registry-not-asked", `${reference.registry} is not a registry that MetaHub may ask`);
  }
  try {
    const origin = await originOf(reference, note, context, asking);
    if (origin.kind === "unproven") return keep("unproven", origin.reason, true);
    if (origin.kind === "settled") return keep("selected", origin.reason);
    if (origin.image.kind !== "index") return pinned(judged);
    return origin.kind === "asked"
      ? await judgeAsked(judged, reference, origin.image, context, asking.signal)
      : await judgeChosen(judged, reference, origin, context, asking);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const [code, reason] = explainFailure(error, reference.registry, asking.signal);
    return keep(code, reason, failureSurprises(judged, code));
  }
}

async function judgeAsked(
  judged: Judged,
  reference: Reference,
  image: IndexImage,
  context: ReselectContext,
  signal: AbortSignal,
): Promise<Judgement> {
  const verdict = await verdictOn(image, judged, context, signal);
  const { variant, code, reason } = verdict;
  if (variant === undefined) return keep(code, reason, code === "nothing-fits");
  return build("choose", judged.place.image, reference, image, { ...verdict, variant }, context);
}

async function judgeChosen(
  judged: Judged,
  reference: Reference,
  origin: Origin & { readonly kind: "chosen" },
  context: ReselectContext,
  asking: Asking,
): Promise<Judgement> {
  const { image, askedText } = origin;
  // The choice was the build that all nodes have in common: a better one for this node is no reason to leave it.
  if (judged.common && (await runsHere(judged, reference, image, context, asking.signal))) {
    return right("selected", "the build that all its nodes have in common runs here", image);
  }
  const verdict = await verdictOn(image, judged, context, asking.signal);
  const { variant, code, reason } = verdict;
  if (variant?.digest === reference.digest) return right(code, reason, image);
  const kind = judged.note?.node === undefined ? "correct" : "move";
  if (variant !== undefined) {
    // The build that is there may be of another repository than the one that was asked for.
    const named = image.madeOf === undefined ? reference : origin.asked;
    return build(kind, askedText, named, image, { ...verdict, variant }, context);
  }
  const original = await originalReference(reference, origin, context, asking);
  const surprising = code === "nothing-fits" || kind === "correct";
  return { kind: "return", code, reason, surprising, image: original, source: sourceOf(image) };
}

function build(
  kind: ChosenBuild["kind"],
  asked: string,
  reference: Reference,
  image: IndexImage,
  { variant, machineTypes, code, reason }: Verdict & { readonly variant: Variant },
  { imageForm }: ReselectContext,
): Judgement {
  const surprising = kind === "correct";
  return {
    kind,
    code,
    reason,
    surprising,
    image: buildReference(reference, variant, imageForm),
    asked,
    source: sourceOf(image),
    variant,
    machineTypes,
  };
}

function keep(code: DecisionCode, reason: string, surprising = false): Judgement {
  return { kind: "keep", code, reason, surprising };
}

/** Nobody moves what an owner named by its digest. Its annotation may say that it was chosen, and not prove it. */
function pinned({ place, note, claim }: Judged): Judgement {
  return note === undefined && claimsChoice(claim, place.image)
    ? keep("unproven", pinnedReason, true)
    : keep("no-index", "it is one build, not an index of several");
}

function right(code: DecisionCode, reason: string, { variants }: IndexImage): Judgement {
  return { kind: "right", code, reason, surprising: false, choice: variants.length > 1 };
}

/** A choice of admission is right, as far as anybody knows; that a registry does not show an image is usual. */
function failureSurprises({ claim: note, node }: Judged, code: DecisionCode): boolean {
  // It may be a build for another node, and nobody can tell now.
  if (note?.node !== undefined && note.node !== node.name) return true;
  return note?.variant === undefined && (code === "registry-failed" || code === "deadline");
}

function howOf({ place, common }: Judged): JudgeOptions {
  return { accelerated: place.accelerated, common };
}

async function verdictOn(
  image: IndexImage,
  judged: Judged,
  context: ReselectContext,
  signal: AbortSignal,
): Promise<Verdict> {
  const { common, node } = judged;
  return await context.judge(image, common ? node.candidates : node.landings, howOf(judged), signal);
}

async function runsHere(
  { place, node }: Judged,
  { digest }: Reference,
  image: IndexImage,
  context: ReselectContext,
  signal: AbortSignal,
): Promise<boolean> {
  return digest !== undefined && (await context.runs(image, digest, node.landings, place.accelerated, signal));
}
