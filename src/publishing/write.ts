import { formatImageName, type ImageName, imageAt } from "../images/name.ts";
import type { Registries } from "../images/registries.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Reference } from "../oci/reference.ts";
import { UsageError } from "../process/failure.ts";
import { LayoutWriter } from "../registry/layout-writer.ts";

/** A document that is ready to be written. */
export interface Document extends Descriptor {
  readonly bytes: Uint8Array;
}

export interface WriteOptions {
  /** More tags of the same repository or layout. */
  readonly tags: readonly string[];
  readonly registries: Registries | undefined;
  /** The manifests that the index names, as far as they are known: a layout keeps them beside it. */
  readonly manifests: readonly Uint8Array[];
}

/** Writes an index under its name. Returns `repository@digest`. @throws RegistryError, UsageError */
export async function writeIndex(name: ImageName, index: Document, options: WriteOptions): Promise<string> {
  const { tags, registries, manifests } = options;
  const { mediaType, bytes } = index;
  if (name.kind === "layout") {
    const writer = await LayoutWriter.open(name.directory, formatImageName(name));
    for (const blob of [...manifests, bytes]) await writer.blob(blob);
    for (const tag of [name.tag, ...tags]) await writer.name(index, tag);
    return imageAt(name, index.digest);
  }
  if (registries === undefined) throw new TypeError("no registry was opened for this reference");
  for (const reference of targets(name.reference, tags)) await registries.pushManifest(reference, mediaType, bytes);
  return imageAt(name, index.digest);
}

/** The tags to be written; where none is said, `latest`, as in every other tool. */
function targets({ digest: _, ...reference }: Reference, tags: readonly string[]): readonly Reference[] {
  const all = new Set([reference.tag ?? "latest", ...tags]);
  return [...all].map((tag) => ({ ...reference, tag }));
}

/** A target has no digest: what it will be is not known yet. @throws UsageError */
export function refuseDigest(name: ImageName): void {
  const digest = name.kind === "reference" ? name.reference.digest : name.digest;
  if (digest === undefined) return;
  throw new UsageError(`${formatImageName(name)}: a target is written by tag, and its digest comes out`);
}
