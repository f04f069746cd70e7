import type { Pod } from "../api/pod.ts";
import type { Platform } from "../hardware/platform.ts";
import type { ListedImages } from "../lists/listed-images.ts";
import type { Reference } from "../oci/reference.ts";
import type { IndexImage } from "../registry/images.ts";
import type { ImageKnowledge } from "./origin.ts";

/** Looks for one build of a list, as the Pod may: with the credentials that its node would pull it with. */
export type BuildLookup = (
  image: Reference,
  platform: Platform | undefined,
  pod: Pod,
  namespace: string,
  signal: AbortSignal,
) => Promise<IndexImage>;

/** The same knowledge, to which a name that a list speaks for means that list: for the admission of Pods. */
export function withLists<Context extends Pick<ImageKnowledge, "lookup">>(
  context: Context,
  lists: ListedImages,
  build: BuildLookup,
): Context {
  const lookup: ImageKnowledge["lookup"] = async (reference, pod, namespace, signal) => {
    const list = lists.listFor(reference, namespace);
    if (list === undefined) return await context.lookup(reference, pod, namespace, signal);
    return await lists.image(list, reference, entriesFor(build, pod, namespace), signal);
  };
  return { ...context, lookup };
}

/** For bindings: a list is asked where a note names it, and where it has not changed since. */
export function listedAgain(lists: ListedImages, build: BuildLookup): NonNullable<ImageKnowledge["listed"]> {
  return async (identity, asked, pod, namespace, signal) => {
    const list = lists.unchanged(identity, asked, namespace);
    return list && (await lists.image(list, asked, entriesFor(build, pod, namespace), signal));
  };
}

function entriesFor(build: BuildLookup, pod: Pod, namespace: string) {
  return (image: Reference, platform: Platform | undefined, signal: AbortSignal) =>
    build(image, platform, pod, namespace, signal);
}
