import { formatImageName, type ImageName } from "../images/name.ts";
import type { Registries } from "../images/registries.ts";
import { verifyDigest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import { readLayout } from "../registry/layout.ts";
import { LayoutFolder } from "../registry/layout-folder.ts";

/** The document that an image's name leads to, as its bytes are. @throws RegistryError */
export async function readDocumentOf(
  name: ImageName,
  registries: Registries | undefined,
  { signal }: Pick<CommandContext, "signal">,
): Promise<Manifest> {
  if (name.kind === "reference") {
    if (registries === undefined) throw new TypeError("no registry was opened for this reference");
    return await registries.manifest(name.reference);
  }
  const label = formatImageName(name);
  const { descriptor } = await readLayout(name.directory, name, { label, signal });
  const bytes = await readBlob(name.directory, descriptor.digest, { label, signal });
  if (bytes !== undefined) return { ...descriptor, bytes };
  // A layout without names is an index by itself.
  const folder = await LayoutFolder.open(name.directory, label, signal);
  const own = await folder.read("index.json", signal);
  verifyDigest(own, descriptor.digest);
  return { ...descriptor, bytes: own };
}

/** A blob of a layout, verified; undefined where the layout leaves it to a registry (image-layout.md, blobs). */
export async function readBlob(
  directory: string,
  digest: string,
  { label, signal }: { readonly label: string; readonly signal: AbortSignal },
): Promise<Uint8Array | undefined> {
  const folder = await LayoutFolder.open(directory, label, signal);
  try {
    const bytes = await folder.read(`blobs/${digest.replace(":", "/")}`, signal);
    verifyDigest(bytes, digest);
    return bytes;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** A manifest of the same repository, by its digest. */
export function sibling(reference: Reference, digest: string): Reference {
  const { tag: _, ...rest } = reference;
  return { ...rest, digest };
}
