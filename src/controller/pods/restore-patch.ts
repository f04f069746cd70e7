import type { Pod } from "../../api/pod.ts";
import { selectionAnnotation } from "../../api/pod-keys.ts";
import type { JsonPatchOperation } from "../../kubernetes/client/requests.ts";
import { selectionPath } from "../../rewriting/patch.ts";

/**
 * The write that puts back the images and the annotation that the Pod had: with the tests of the write at binding, so
 * that it can reach neither a bound Pod nor another one of the same name, nor undo a change that somebody else made
 * meanwhile. Only where each image that differs is a build, by digest, of the repository that it was asked from. Empty
 * where there is nothing to do.
 */
export function restorePatch(pod: Pod, original: Pod): readonly JsonPatchOperation[] {
  const { uid, annotations } = pod.metadata;
  if (uid === undefined || uid !== original.metadata.uid) return [];
  const replaced = replacedImages(pod, original);
  if (replaced.length === 0 || !replaced.every(({ image, before }) => isBuildOf(image, before))) return [];
  const earlier = original.metadata.annotations?.[selectionAnnotation];
  return [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "test", path: "/spec/nodeName", value: null },
    { op: "test", path: selectionPath, value: annotations?.[selectionAnnotation] ?? null },
    ...replaced.map(({ path, image }): JsonPatchOperation => ({ op: "test", path, value: image })),
    ...replaced.map(({ path, before }): JsonPatchOperation => ({ op: "replace", path, value: before })),
    earlier === undefined ? { op: "remove", path: selectionPath } : { op: "add", path: selectionPath, value: earlier },
  ];
}

interface ReplacedImage {
  readonly path: string;
  readonly image: string;
  readonly before: string;
}

function replacedImages(pod: Pod, original: Pod): readonly ReplacedImage[] {
  return (["initContainers", "containers"] as const).flatMap((kind) =>
    (pod.spec[kind] ?? []).flatMap(({ image }, index): readonly ReplacedImage[] => {
      const before = original.spec[kind]?.[index]?.image;
      if (before === undefined || image === undefined || before === image) return [];
      return [{ path: `/spec/${kind}/${index}/image`, image, before }];
    }),
  );
}

/** The webhook keeps the name as it was written, and changes only the tag and the digest. */
function isBuildOf(image: string, asked: string): boolean {
  return image.includes("@") && nameOf(image) === nameOf(asked);
}

/** Without digest and tag; a colon before the last slash belongs to a registry's port. */
function nameOf(reference: string): string {
  const [named = ""] = reference.split("@", 1);
  const colon = named.lastIndexOf(":");
  return colon > named.lastIndexOf("/") ? named.slice(0, colon) : named;
}
