import type { Container, Pod } from "../../api/pod.ts";
import type { JsonPatchOperation } from "../../kubernetes/client/requests.ts";
import { selectionAnnotation } from "../../rewriting/annotation.ts";

const path = "/metadata/annotations/metahub.dev~1selection";

/**
 * The write that puts back what the Pod had: with the tests of the write at binding, so that it can reach neither a
 * bound Pod nor another one of the same name, nor undo what somebody else wrote meanwhile. Only where each image that
 * differs is a build, by digest, of the repository that it was asked from. Empty where there is nothing to do.
 */
export function restorePatch(pod: Pod, original: Pod): readonly JsonPatchOperation[] {
  const { uid, annotations } = pod.metadata;
  if (uid === undefined || uid !== original.metadata.uid) return [];
  const tests: JsonPatchOperation[] = [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "test", path: "/spec/nodeName", value: null },
    { op: "test", path, value: annotations?.[selectionAnnotation] ?? null },
  ];
  const changes: JsonPatchOperation[] = [];
  for (const kind of ["initContainers", "containers"] as const) {
    for (const [index, { image }] of (pod.spec[kind] ?? []).entries()) {
      const before: Container | undefined = original.spec[kind]?.[index];
      if (before?.image === undefined || image === undefined || before.image === image) continue;
      if (!isBuildOf(image, before.image)) return [];
      const place = `/spec/${kind}/${index}/image`;
      tests.push({ op: "test", path: place, value: image });
      changes.push({ op: "replace", path: place, value: before.image });
    }
  }
  if (changes.length === 0) return [];
  const earlier = original.metadata.annotations?.[selectionAnnotation];
  if (earlier === undefined) changes.push({ op: "remove", path });
  else changes.push({ op: "add", path, value: earlier });
  return [...tests, ...changes];
}

/** The webhook keeps the name as it was written, and only changes what comes after it. */
function isBuildOf(image: string, asked: string): boolean {
  return image.includes("@") && nameOf(image) === nameOf(asked);
}

/** Without digest and tag; a colon before the last slash belongs to a registry's port. */
function nameOf(reference: string): string {
  const [named = ""] = reference.split("@", 1);
  const colon = named.lastIndexOf(":");
  return colon > named.lastIndexOf("/") ? named.slice(0, colon) : named;
}
