import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Pod } from "../api/pod.ts";
import { keptHeapSize, textSize } from "../json/heap-size.ts";
import { normalForm, type Reference, repositoryName } from "../oci/reference.ts";
import type { Image, IndexImage } from "../registry/images.ts";

/** An index that was looked up for a Pod at admission is still what that Pod asked for, however long it waits. */
const ttlMs = 3_600_000;
/** Bytes of all of them. */
const maxBytes = 32 * 1_048_576;
/** Bytes of an entry beside its key and its index. */
const entryBytes = 512;

/**
 * Indexes that this process itself got from a registry, by the reference that named them. It proves what an annotation
 * only claims: that a tag named this index a while ago. So a Pod gets at binding a build of the very index that was
 * read at its admission, also when the tag has moved or the registry is away meanwhile. An index that was seen
 * with some pull secrets is remembered for Pods with the same ones only.
 */
export class ReselectMemory {
  readonly #images = new LRUCache<string, IndexImage>({
    maxSize: maxBytes,
    ttl: ttlMs,
    // Each index is there under two names.
    sizeCalculation: ({ variants, warnings }, key) =>
      textSize(key) + Math.ceil((keptHeapSize(variants) + keptHeapSize(warnings)) / 2) + entryBytes,
  });

  /** Keeps what the reference named just now. */
  put(reference: Reference, pod: Pod, namespace: string, image: Image): void {
    // One that is not whole proves nothing of what it lacks.
    if (image.kind !== "index" || image.incomplete === true) return;
    const { digest } = image.descriptor;
    const { tag: _, ...untagged } = reference;
    this.#images.set(keyOf(reference, digest, pod, namespace), image);
    this.#images.set(keyOf({ ...untagged, digest }, digest, pod, namespace), image);
  }

  /** The index of this digest, if the reference was seen to name it. */
  get(reference: Reference, digest: string, pod: Pod, namespace: string): IndexImage | undefined {
    return this.#images.get(keyOf(reference, digest, pod, namespace));
  }
}

function keyOf(reference: Reference, digest: string, pod: Pod, namespace: string): string {
  const secrets = (pod.spec.imagePullSecrets ?? []).map(({ name }) => name ?? "");
  // Without pull secrets nothing of the Pod's own counts, and all namespaces see the same.
  const scope =
    secrets.length === 0 ? "" : `${namespace}/${createHash("sha256").update(JSON.stringify(secrets)).digest("base64")}`;
  return `${scope} ${normalForm(reference)} ${repositoryName(reference)}@${digest}`;
}
