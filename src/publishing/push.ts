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
import { openLayer } from "./layer.ts";
import { readBlob, sibling } from "./read.ts";

/** Indexes in indexes, counted from the one that is pushed. */
const maxDepth = 4;

/** Where content comes from and goes to. */
interface Push {
  readonly directory: string;
  /** The layout in messages. */
  readonly label: string;
  readonly target: Reference;
  readonly registries: Registries;
  readonly signal: AbortSignal;
}

/**
 * Puts all that a document of a layout names into the repository, deepest first. Content that the repository holds
 * already is left alone, so a layout may leave out blobs that were pushed before. @throws CommandError where something is nowhere
 */
export async function pushLayout(
  layout: ImageName & { kind: "layout" },
  document: Manifest,
  target: Reference,
  registries: Registries,
  { signal }: Pick<CommandContext, "signal">,
): Promise<void> {
  await pushContent(document, {
    directory: layout.directory,
    label: formatImageName(layout),
    target,
    registries,
    signal,
  });
}

/** Returns the digests of blobs that the layout leaves to the registry. `depth` is that of the document. */
async function pushContent(document: Manifest, push: Push, depth = 1): Promise<readonly string[]> {
  if (documentKind(document.mediaType) === "manifest") return await pushBlobs(document, push);
  if (depth > maxDepth) throw new CommandError("FILE_UNREADABLE", `${push.label}: indexes are nested too deep`);
  for (const child of childrenOf(document.bytes)) await pushChild(child, push, depth + 1);
  return [];
}

async function pushBlobs(
  manifest: Manifest,
  { directory, label, target, registries }: Push,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const digest of blobsOf(manifest.bytes)) {
    const layer = await openLayer(directory, digest, label);
    if (layer === undefined) missing.push(digest);
    else await registries.pushBlob(target, layer);
  }
  return missing;
}

async function pushChild({ digest, mediaType }: Child, push: Push, depth: number): Promise<void> {
  const { directory, label, target, registries, signal } = push;
  const own = sibling(target, digest);
  const bytes = await readBlob(directory, digest, { label, signal });
  if (await isThere(own, registries)) return;
  if (bytes === undefined) throw nowhere(digest, label, target);
  const missing = await pushContent({ ...describe(mediaType, bytes), bytes }, push, depth);
  try {
    await registries.pushManifest(own, mediaType, bytes);
  } catch (cause) {
    // A registry refuses a manifest whose layers it does not hold; some say so with 400, some with 404.
    if (missing.length === 0 || !(cause instanceof RegistryError)) throw cause;
    throw nowhere(`${missing[0]} of ${digest}`, label, target, cause);
  }
}

function nowhere(what: string, label: string, target: Reference, cause?: unknown): CommandError {
  const where = `neither in ${label} nor in ${target.registry}/${target.repository}`;
  return new CommandError("FILE_UNREADABLE", `${what} is ${where}: push the images of the index first`, { cause });
}

/** An entry of an index. */
interface Child {
  readonly digest: string;
  readonly mediaType: string;
}

function childrenOf(bytes: Uint8Array): readonly Child[] {
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
