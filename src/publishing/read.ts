import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { formatImageName, type ImageName } from "../images/name.ts";
import type { Registries } from "../images/registries.ts";
import { parseDigest, verifyDigest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import { CommandError } from "../process/failure.ts";
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

/** Bytes. Uploads are whole in memory; who has larger layers pushes images with a tool that streams them. */
const maxLayerBytes = 1024 * 1024 * 1024;

/** A layer or configuration of a layout, verified; undefined where it is not there. @throws RegistryError, CommandError */
export async function readLayer(directory: string, digest: string, label: string): Promise<Uint8Array | undefined> {
  const { algorithm, hex } = parseDigest(digest);
  const path = join(directory, "blobs", algorithm, hex);
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      if (size > maxLayerBytes) {
        const advice = "push the images with another tool, e.g. skopeo copy --all, and then the index";
        throw new CommandError("FILE_UNREADABLE", `${label}: ${digest} has ${size} bytes: ${advice}`);
      }
      const bytes = await file.readFile();
      verifyDigest(bytes, digest);
      return bytes;
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause) || cause instanceof CommandError) throw cause;
    if (cause.code === "ENOENT") return undefined;
    throw new CommandError("FILE_UNREADABLE", `${label}: ${digest} cannot be read: ${cause.message}`, { cause });
  }
}

/** A manifest of the same repository, by its digest. */
export function sibling(reference: Reference, digest: string): Reference {
  const { tag: _, ...rest } = reference;
  return { ...rest, digest };
}
