import type { Descriptor } from "../oci/descriptor.ts";
import { verifyDescriptor } from "../oci/descriptor.ts";
import { computeDigest, parseDigest } from "../oci/digest.ts";
import type { Configured } from "../oci/entry.ts";
import { OciError } from "../oci/error.ts";
import { excerpt } from "../oci/excerpt.ts";
import {
  asObject,
  at,
  optionalArray,
  optionalString,
  optionalStringMap,
  requiredSize,
  requiredString,
} from "../oci/fields.ts";
import { flattenIndex, listOf } from "../oci/flatten.ts";
import { maxDocumentBytes, parseJson } from "../oci/json.ts";
import { documentKind, ociIndex } from "../oci/media-types.ts";
import type { VariantList } from "../oci/variant.ts";
import { few } from "../text/few.ts";
import { type ContentReader, readConfigurations } from "./configurations.ts";
import { RegistryError, type RegistryErrorCode } from "./error.ts";
import { LayoutFolder } from "./layout-folder.ts";

/** Names an image of a layout by tag or digest. An empty target means the default of `readLayout`. */
export interface LayoutTarget {
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** An image of a layout: an index with all that is nested in it, or one build. */
export interface LayoutImage {
  readonly descriptor: Descriptor;
  /** Undefined where it is one build and no index. */
  readonly list: VariantList | undefined;
}

interface Named {
  readonly descriptor: Descriptor;
  /** `org.opencontainers.image.ref.name` (image-spec, annotations.md); tools write a tag or a whole reference there. */
  readonly name: string | undefined;
}

const refName = "org.opencontainers.image.ref.name";
const defaultTag = "latest";
/** Entries of `index.json`, each one image or index of the layout. A longer list is refused. */
const maxEntries = 1024;
const maxNamed = 8;

/**
 * Reads an image from an OCI image layout on disk (image-spec v1.1, image-layout.md), without any network. Every
 * blob is verified against its descriptor.
 *
 * Without a tag or digest: the only entry of `index.json`; of several, the one that is called `latest`; and where no
 * entry has a name at all, `index.json` itself is taken for the index.
 *
 * @param label names the layout in messages.
 * @throws RegistryError NOT_FOUND, INVALID, DIGEST_MISMATCH, TOO_LARGE, UNSUPPORTED, ABORTED
 */
export async function readLayout(
  directory: string,
  target: LayoutTarget,
  options: { readonly label: string; readonly signal: AbortSignal },
): Promise<LayoutImage> {
  const { label, signal } = options;
  const folder = await LayoutFolder.open(directory, label, signal);
  const version = await folder.read("oci-layout", signal);
  checked(label, "oci-layout", () => checkVersion(version));
  const bytes = await folder.read("index.json", signal);
  const entries = checked(label, "index.json", () => readEntries(bytes));
  const descriptor = choose(entries, target, label);
  const documents = new Map<string, Uint8Array>();
  if (descriptor === undefined) {
    const own = { mediaType: ociIndex, digest: computeDigest(bytes), size: bytes.length };
    documents.set(own.digest, bytes);
    return { descriptor: own, list: await flatten(folder, own.digest, documents, options) };
  }
  const kind = documentKind(descriptor.mediaType);
  if (kind === "other") {
    const text = `${label}: ${descriptor.digest} is no image: its media type is ${excerpt(descriptor.mediaType)}`;
    throw new RegistryError("UNSUPPORTED", text);
  }
  const content = await readBlob(folder, descriptor, label, signal);
  if (kind === "manifest") return { descriptor, list: undefined };
  documents.set(descriptor.digest, content);
  return { descriptor, list: await flatten(folder, descriptor.digest, documents, options) };
}

/** Reads nested indexes until none is missing, then configurations; flattenIndex bounds depth and number of the first. */
async function flatten(
  folder: LayoutFolder,
  digest: string,
  documents: Map<string, Uint8Array>,
  { label, signal }: { readonly label: string; readonly signal: AbortSignal },
): Promise<VariantList> {
  let configured: Configured | undefined;
  for (;;) {
    const options = configured === undefined ? {} : { configured };
    const flat = checked(label, digest, () => flattenIndex(digest, documents, options));
    if (!flat.complete) {
      for (const missing of flat.missing) documents.set(missing.digest, await readBlob(folder, missing, label, signal));
    } else if (flat.unidentified.length === 0) {
      return listOf(flat);
    } else {
      configured = (await readConfigurations(flat.unidentified, readerOf(folder, label), signal)).configured;
    }
  }
}

/** Who reads a folder has the process to himself. */
function readerOf(folder: LayoutFolder, label: string): ContentReader {
  const read = (descriptor: Descriptor, signal: AbortSignal) => readBlob(folder, descriptor, label, signal);
  return { manifest: read, blob: read, inTurn: (_bytes, _signal, work) => work() };
}

async function readBlob(
  folder: LayoutFolder,
  descriptor: Descriptor,
  label: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (descriptor.size > maxDocumentBytes) {
    const text = `${label}: ${descriptor.digest} is said to have ${descriptor.size} bytes, at most ${maxDocumentBytes} are read`;
    throw new RegistryError("TOO_LARGE", text);
  }
  // parseDigest refuses every digest that could lead out of the folder.
  const { algorithm, hex } = parseDigest(descriptor.digest);
  const bytes = await folder.read(`blobs/${algorithm}/${hex}`, signal);
  checked(label, `blobs/${algorithm}/${hex}`, () => verifyDescriptor(bytes, descriptor), "DIGEST_MISMATCH");
  return bytes;
}

function checkVersion(bytes: Uint8Array): void {
  const version = requiredString(asObject(parseJson(bytes), "document"), "imageLayoutVersion", "");
  // image-layout.md: the version changes only when layouts change in a way that readers must know of.
  if (!version.startsWith("1.")) {
    throw new OciError("WRONG_VALUE", `is ${excerpt(version)}, and 1.0.0 or another 1.x is what is read`, {
      place: "imageLayoutVersion",
    });
  }
}

function readEntries(bytes: Uint8Array): readonly Named[] {
  const root = asObject(parseJson(bytes), "document");
  const manifests = optionalArray(root, "manifests", "") ?? [];
  if (manifests.length > maxEntries) {
    const message = `has ${manifests.length} entries, at most ${maxEntries} are read`;
    throw new OciError("TOO_MANY_ENTRIES", message, { place: "manifests" });
  }
  return manifests.map((value, index) => {
    const place = `manifests[${index}]`;
    const entry = asObject(value, place);
    const digest = requiredString(entry, "digest", place);
    parseDigest(digest, at(place, "digest"));
    return {
      descriptor: {
        mediaType: optionalString(entry, "mediaType", place) ?? "",
        digest,
        size: requiredSize(entry, "size", place),
      },
      name: optionalStringMap(entry, "annotations", place).get(refName),
    };
  });
}

/** Undefined stands for `index.json` itself. */
function choose(entries: readonly Named[], { tag, digest }: LayoutTarget, label: string): Descriptor | undefined {
  if (entries.length === 0) throw new RegistryError("NOT_FOUND", `${label}: the layout holds no image`);
  if (digest !== undefined) {
    const found = entries.find(({ descriptor }) => descriptor.digest === digest);
    if (found === undefined) {
      throw new RegistryError("NOT_FOUND", `${label}: no entry of index.json has this digest; ${listed(entries)}`);
    }
    return found.descriptor;
  }
  const named = entries.filter(({ name }) => isCalled(name, tag ?? defaultTag));
  if (tag === undefined) {
    const [only] = entries;
    if (entries.length === 1) return only?.descriptor;
    if (entries.every(({ name }) => name === undefined)) return undefined;
  }
  const [first, ...others] = named;
  if (first === undefined) {
    const what = tag === undefined ? "holds several images: name one, as oci:DIR:TAG" : `holds no ${excerpt(tag)}`;
    throw new RegistryError("NOT_FOUND", `${label}: the layout ${what}; ${listed(entries)}`);
  }
  // Tools may list one image twice after tagging it again: equal digests are not ambiguous.
  if (others.some(({ descriptor }) => descriptor.digest !== first.descriptor.digest)) {
    throw new RegistryError(
      "INVALID",
      `${label}: ${named.length} images of the layout are called ${excerpt(tag ?? defaultTag)}; write oci:DIR@sha256:…`,
    );
  }
  return first.descriptor;
}

/** Some tools write the whole reference as the name. */
function isCalled(name: string | undefined, tag: string): boolean {
  return name === tag || (name?.endsWith(`:${tag}`) === true && !tag.includes("/"));
}

function listed(entries: readonly Named[]): string {
  const names = [...new Set(entries.flatMap(({ name }) => (name === undefined ? [] : [excerpt(name)])))];
  if (names.length === 0) return "no image in it has a name";
  return `there ${names.length === 1 ? "is" : "are"} ${few(names, maxNamed)}`;
}

/** Turns an error of the oci room into one of this room, with the file that it is about. @throws RegistryError */
function checked<T>(label: string, file: string, read: () => T, code: RegistryErrorCode = "INVALID"): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    throw new RegistryError(code, `${label}: ${file}: ${cause.message} (${cause.code})`, { cause });
  }
}
