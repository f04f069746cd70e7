import { formatImageName, type ImageName } from "../images/name.ts";
import type { Registries } from "../images/registries.ts";
import { describe } from "../oci/descriptor.ts";
import { asObject, optionalArray, requiredString } from "../oci/fields.ts";
import { parseJson } from "../oci/json.ts";
import { documentKind } from "../oci/media-types.ts";
import type { Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import { CommandError } from "../process/failure.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import { readBlob, readLayer, sibling } from "./read.ts";

/** Indexes in indexes, counted from the one that is pushed. */
const maxDepth = 4;

/**
 * Puts what an index of a layout names into the repository, deepest first. What the repository holds already is left
 * alone, so a layout may leave out blobs that were pushed before. @throws CommandError where something is nowhere
 */
export async function pushLayout(
  layout: ImageName & { kind: "layout" },
  document: Manifest,
  target: Reference,
  registries: Registries,
  context: CommandContext,
  depth = 1,
): Promise<Missing> {
  const label = formatImageName(layout);
  const read = (digest: string) => readBlob(layout.directory, digest, { label, signal: context.signal });
  if (documentKind(document.mediaType) === "manifest") {
    const missing: string[] = [];
    for (const digest of blobsOf(document.bytes)) {
      const bytes = await readLayer(layout.directory, digest, label);
      if (bytes === undefined) missing.push(digest);
      else await registries.pushBlob(target, bytes);
    }
    return missing;
  }
  if (depth > maxDepth) throw new CommandError("FILE_UNREADABLE", `${label}: indexes are nested too deep`);
  for (const child of childrenOf(document.bytes)) {
    const bytes = await read(child.digest);
    if (await isThere(sibling(target, child.digest), registries)) continue;
    if (bytes === undefined) throw nowhere(child.digest, label, target);
    const { mediaType } = child;
    const inner = { ...describe(mediaType, bytes), bytes };
    const missing = await pushLayout(layout, inner, target, registries, context, depth + 1);
    try {
      await registries.pushManifest(sibling(target, child.digest), mediaType, bytes);
    } catch (cause) {
      // A registry refuses a manifest whose layers it does not hold; some say so with 400, some with 404.
      if (missing.length === 0 || !(cause instanceof RegistryError)) throw cause;
      throw nowhere(`${missing[0]} of ${child.digest}`, label, target, cause);
    }
  }
  return [];
}

/** Digests of blobs that a layout leaves to the registry. */
type Missing = readonly string[];

function nowhere(what: string, label: string, target: Reference, cause?: unknown): CommandError {
  const where = `neither in ${label} nor in ${target.registry}/${target.repository}`;
  return new CommandError("FILE_UNREADABLE", `${what} is ${where}: push the images of the index first`, { cause });
}

function childrenOf(bytes: Uint8Array): readonly { readonly digest: string; readonly mediaType: string }[] {
  const manifests = optionalArray(asObject(parseJson(bytes), "index"), "manifests", "") ?? [];
  return manifests.map((value, index) => {
    const place = `manifests[${index}]`;
    const entry = asObject(value, place);
    return { digest: requiredString(entry, "digest", place), mediaType: requiredString(entry, "mediaType", place) };
  });
}

function blobsOf(bytes: Uint8Array): readonly string[] {
  const root = asObject(parseJson(bytes), "manifest");
  const layers = optionalArray(root, "layers", "") ?? [];
  return [...layers, root["config"]]
    .filter((value) => value !== undefined)
    .map((value) => requiredString(asObject(value, "layers"), "digest", "layers"));
}

async function isThere(reference: Reference, registries: Registries): Promise<boolean> {
  try {
    await registries.resolve(reference);
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NOT_FOUND") return false;
    throw error;
  }
}
