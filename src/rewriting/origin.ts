import type { Pod } from "../api/pod.ts";
import { OciError } from "../oci/error.ts";
import { parseReference, type Reference, repositoryName, withDigest } from "../oci/reference.ts";
import type { Variant } from "../oci/variant.ts";
import { RegistryError } from "../registry/error.ts";
import type { Image, IndexImage } from "../registry/images.ts";
import { isBuildOf, type SelectionNote } from "./notes/note.ts";

/** Questions to registries on behalf of a Pod, and the memory of their answers. */
export interface ImageKnowledge {
  lookup(reference: Reference, pod: Pod, namespace: string, signal: AbortSignal): Promise<Image>;
  /** The index of this digest, if this process saw the reference name it. */
  remembered(reference: Reference, digest: string, pod: Pod, namespace: string): IndexImage | undefined;
  /**
   * The manifest list that a note names, where it still says what it said then and decides at binding. Absent where no
   * list is asked again.
   */
  listed?(
    list: string,
    asked: Reference,
    pod: Pod,
    namespace: string,
    signal: AbortSignal,
  ): Promise<IndexImage | undefined>;
}

/** Where the image that a container has comes from. */
export type Origin =
  /** It is what the Pod's owner wrote. */
  | { readonly kind: "asked"; readonly image: Image }
  /** It is a build of this index, chosen earlier. */
  | { readonly kind: "chosen"; readonly image: IndexImage; readonly asked: Reference; readonly askedText: string }
  /** A note proves that it was chosen from a list, which decides nothing any more: it stays. */
  | { readonly kind: "settled"; readonly reason: string }
  /** A note says that it was chosen, and that is not so. */
  | { readonly kind: "unproven"; readonly reason: string };

/** Who asks, for whom. */
export interface Asking {
  readonly pod: Pod;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** Why a build stays although the annotation says that it was chosen. */
export const pinnedReason = "its annotation does not prove that it was chosen for this Pod, so it is pinned";

/** Whether a note says of this very image that it is a build that was chosen. */
export function claimsChoice(claim: SelectionNote | undefined, image: string): boolean {
  return claim !== undefined && (claim.index ?? claim.list) !== undefined && isBuildOf(claim, image);
}

/**
 * Finds out what a container's image was before anything was chosen. `note` is one that proves itself, if there is one.
 * A MAC says who wrote the note, and not that it is about this image: so the index that it names counts only if it is in
 * the repository of the image, is fetched by its digest, and contains the very build that the container has; or, for an
 * image that is still as its owner wrote it, if this process saw that reference name that index.
 *
 * @throws RegistryError where no registry can tell.
 */
export async function originOf(
  reference: Reference,
  note: SelectionNote | undefined,
  knowledge: ImageKnowledge,
  { pod, namespace, signal }: Asking,
): Promise<Origin> {
  const list = note?.list;
  if (note !== undefined && list !== undefined) {
    return await listedOriginOf(reference, note, list, knowledge, { pod, namespace, signal });
  }
  const index = note?.index;
  const { digest } = reference;
  if (digest === undefined || index === undefined || note?.variant !== digest) {
    const known = index === undefined ? undefined : knowledge.remembered(reference, index, pod, namespace);
    return { kind: "asked", image: known ?? (await knowledge.lookup(reference, pod, namespace, signal)) };
  }
  const { asked: askedText } = note;
  const asked = readReference(askedText);
  if (asked === undefined || repositoryName(asked) !== repositoryName(reference)) {
    return { kind: "unproven", reason: "its annotation names another repository" };
  }
  const { tag: _, ...untagged } = reference;
  const named = { ...untagged, digest: index };
  const image =
    knowledge.remembered(named, index, pod, namespace) ?? (await knowledge.lookup(named, pod, namespace, signal));
  const contains = image.kind === "index" && image.variants.some((variant) => variant.digest === digest);
  if (!contains && image.kind === "index" && image.incomplete === true) {
    throw new RegistryError("SERVER_ERROR", `${repositoryName(reference)}: not all of the index could be read`);
  }
  if (!contains) {
    return { kind: "unproven", reason: "the index that its annotation names does not contain it" };
  }
  return { kind: "chosen", image, asked, askedText };
}

/**
 * The same for a note that names a manifest list. Where that has changed since, or decides nothing at binding, a build
 * that it led to stays, and a tag is asked for anew: as its registry has it, since no list decided for it.
 */
async function listedOriginOf(
  reference: Reference,
  note: SelectionNote,
  list: string,
  knowledge: ImageKnowledge,
  { pod, namespace, signal }: Asking,
): Promise<Origin> {
  const { digest } = reference;
  const chosen = digest !== undefined && note.variant === digest;
  const asked = chosen ? readReference(note.asked) : reference;
  const image = asked && (await knowledge.listed?.(list, asked, pod, namespace, signal));
  if (!chosen) {
    return { kind: "asked", image: image ?? (await knowledge.lookup(reference, pod, namespace, signal)) };
  }
  if (asked === undefined || image === undefined) {
    return {
      kind: "settled",
      reason: "it stays as it was chosen when the Pod was made, as its list does not decide here",
    };
  }
  const lists = image.variants.some(
    (variant) => variant.digest === digest && sourceRepository(asked, variant) === repositoryName(reference),
  );
  if (lists) return { kind: "chosen", image, asked, askedText: note.asked };
  return {
    kind: "settled",
    reason: "it stays as it was chosen when the Pod was made: its list leads elsewhere by now",
  };
}

function sourceRepository(asked: Reference, { name }: Variant): string | undefined {
  const source = name === undefined ? asked : readReference(name);
  return source && repositoryName(source);
}

/**
 * The reference that a chosen image goes back to: what was asked, if that still names the index; otherwise the index by
 * its digest.
 */
export async function originalReference(
  reference: Reference,
  origin: Origin & { readonly kind: "chosen" },
  knowledge: ImageKnowledge,
  asking: Asking,
): Promise<string> {
  const { asked, askedText, image } = origin;
  // No registry has a list under its digest.
  if (image.madeOf !== undefined) return askedText;
  const { digest } = image.descriptor;
  const byDigest = withDigest(reference, digest);
  if (asked.digest !== undefined) return asked.digest === digest ? askedText : byDigest;
  const { pod, namespace, signal } = asking;
  if (knowledge.remembered(asked, digest, pod, namespace) !== undefined) return askedText;
  try {
    const now = await knowledge.lookup(asked, pod, namespace, signal);
    return now.descriptor.digest === digest ? askedText : byDigest;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return byDigest; // Which says the same without a registry.
  }
}

/** Undefined where it is none. */
export function readReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}
