import { type Feature, formatFeature } from "../hardware/feature.ts";
import { formatPlatform, normalizePlatform } from "../hardware/platform.ts";
import { featuresAnnotation, priorityAnnotation } from "../oci/annotations.ts";
import { describe } from "../oci/descriptor.ts";
import { asObject, optionalArray, optionalObject, optionalString, requiredString } from "../oci/fields.ts";
import { readIndex } from "../oci/flatten.ts";
import { decodeUtf8, parseJson } from "../oci/json.ts";
import { dockerList, documentKind, ociIndex } from "../oci/media-types.ts";
import { UsageError } from "../process/failure.ts";
import type { Manifest } from "../registry/contents.ts";
import { type EntryOption, readFeatures } from "./entry-option.ts";
import type { Document } from "./write.ts";

/** One entry of an index, as people name it. */
interface Listed {
  readonly position: number;
  readonly digest: string;
  /** Undefined where it has none, or none that can be read. */
  readonly platform: string | undefined;
  readonly architecture: string;
}

type IndexEntry = Record<string, unknown>;

/** An index as it stands, with members that this program does not know. */
interface IndexDocument {
  readonly manifests: readonly IndexEntry[];
}

export interface Changes {
  readonly entries: readonly EntryOption[];
  /** By what names the entry. */
  readonly priorities: ReadonlyMap<string, number>;
  /** Tags of the same repository that name an entry, by what was written. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * The index with other features or priorities of its entries; everything else in it stays as it is, also what this
 * program does not know. @throws UsageError for an entry that is not there or is not the only one; OciError
 */
export function annotateIndex({ bytes, mediaType }: Manifest, changes: Changes, shown: string): Document {
  if (documentKind(mediaType) !== "index") throw new UsageError(`${shown}: is one image, and no index with entries`);
  const listed = listEntries(bytes);
  const document: IndexDocument = JSON.parse(decodeUtf8(bytes));
  const form = mediaType === dockerList ? "docker" : "oci";
  const find = (what: string): Listed => findEntry(what, listed, changes.digests, shown);
  for (const option of changes.entries) {
    const { position, architecture } = find(option.what);
    setFeatures(document.manifests[position], form, readFeatures(option, architecture));
  }
  for (const [what, priority] of changes.priorities) {
    if (form === "docker") throw new UsageError(`${shown}: a Docker manifest list has no place for a priority`);
    const text = priority === 0 ? "" : String(priority);
    setMember(document.manifests[find(what).position], "annotations", priorityAnnotation, text);
  }
  const written = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
  readIndex(written);
  return { ...describe(form === "docker" ? dockerList : ociIndex, written), bytes: written };
}

/** Docker's lists have a place of their own for features, OCI's carry them in an annotation. */
function setFeatures(entry: IndexEntry | undefined, form: "docker" | "oci", features: readonly Feature[]): void {
  const texts = [...new Set(features.map(formatFeature))];
  if (form === "docker") setMember(entry, "platform", "features", texts);
  else setMember(entry, "annotations", featuresAnnotation, texts.join(","));
}

function listEntries(bytes: Uint8Array): readonly Listed[] {
  const root = asObject(parseJson(bytes), "document");
  return (optionalArray(root, "manifests", "") ?? []).map((value, position) => {
    const place = `manifests[${position}]`;
    const entry = asObject(value, place);
    const platform = optionalObject(entry, "platform", place);
    const architecture = platform === undefined ? "" : (optionalString(platform, "architecture", place) ?? "");
    const variant = platform === undefined ? undefined : optionalString(platform, "variant", place);
    const os = (platform === undefined ? undefined : optionalString(platform, "os", place)) || "linux";
    const written = { os, architecture, ...(variant === undefined || variant === "" ? {} : { variant }) };
    const text = architecture === "" || os === "unknown" ? undefined : formatPlatform(normalizePlatform(written));
    return { position, digest: requiredString(entry, "digest", place), platform: text, architecture };
  });
}

/** By position, digest or its beginning, platform, or a tag. */
function findEntry(
  what: string,
  listed: readonly Listed[],
  digests: ReadonlyMap<string, string>,
  shown: string,
): Listed {
  const wanted = digests.get(what) ?? what;
  const found = listed.filter(({ position, digest, platform }) =>
    /^\d{1,4}$/.test(wanted)
      ? position === Number(wanted)
      : isDigestStart(wanted)
        ? digest.startsWith(wanted)
        : platform === wanted,
  );
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const some = (only === undefined ? listed : found)
    .slice(0, 8)
    .map(({ position, digest, platform }) => `${position}: ${platform ?? "no platform"} ${digest.slice(0, 19)}`);
  const problem = only === undefined ? "is no entry" : "fits several entries; name one by its position";
  throw new UsageError(`${shown}: ${what} ${problem} (${some.join(", ")}${listed.length > 8 ? ", …" : ""})`);
}

/** Whether a text may name an entry without asking a registry for a tag. */
export function namesEntry(text: string): boolean {
  return /^\d{1,4}$/.test(text) || isDigestStart(text) || text.includes("/");
}

function isDigestStart(text: string): boolean {
  return /^sha(256|512):[0-9a-f]{6,128}$/.test(text);
}

/** Sets a member of a map inside the entry; an empty value removes it, and the map itself when it becomes empty. */
function setMember(entry: IndexEntry | undefined, map: string, key: string, value: string | readonly string[]): void {
  if (entry === undefined) return;
  const members: Record<string, unknown> = { ...Object(entry[map]) };
  if (value.length === 0) delete members[key];
  else members[key] = value;
  if (Object.keys(members).length === 0) delete entry[map];
  else entry[map] = members;
}
