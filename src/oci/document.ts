import { type Configured, type Entry, type Inherited, readEntry } from "./entry.ts";
import { OciError } from "./error.ts";
import { excerpt } from "./excerpt.ts";
import type { FeatureBudget } from "./feature-budget.ts";
import { asObject, optionalArray, optionalString } from "./fields.ts";
import { type JsonObject, parseJsonInSteps } from "./json.ts";
import { documentKind } from "./media-types.ts";
import type { Steps } from "./steps.ts";
import type { Warnings } from "./warnings.ts";

/** The largest index in use has some hundred entries; ten thousand are an attack or a mistake. */
export const maxEntries = 1024;

export interface ReadIndexOptions {
  /** Let entries with an `artifactType` in (SIF files and the like). Pods never run them. Default false. */
  readonly artifacts?: boolean;
  /** For entries that have no platform: what their image configurations say. */
  readonly configured?: Configured;
}

export interface DocumentContext {
  readonly inherited: Inherited;
  readonly options: ReadIndexOptions;
  readonly warnings: Warnings;
  readonly budget: FeatureBudget;
  /** Leads every place of this document: empty for the first, `manifests[2] > ` for one that is nested there. */
  readonly prefix: string;
}

/**
 * Reads one document that must be an image index or a Docker manifest list: its entries in their order.
 * @throws OciError for whatever makes the whole document unusable, with the place
 */
export function* readDocument(bytes: Uint8Array, context: DocumentContext): Steps<readonly Entry[]> {
  const root = asObject(yield* parseJsonInSteps(bytes), "document");
  checkKind(root);
  const manifests = optionalArray(root, "manifests", "") ?? [];
  if (manifests.length > maxEntries) {
    const message = `the index has ${manifests.length} entries, at most ${maxEntries} are read`;
    throw new OciError("TOO_MANY_ENTRIES", message, { place: "manifests" });
  }
  const entries: Entry[] = [];
  for (const [index, value] of manifests.entries()) {
    const place = `${context.prefix}manifests[${index}]`;
    entries.push(
      readEntry(asObject(value, place), {
        place,
        inherited: context.inherited,
        configured: context.options.configured ?? new Map(),
        artifacts: context.options.artifacts ?? false,
        warnings: context.warnings,
        budget: context.budget,
      }),
    );
    yield;
  }
  return entries;
}

/**
 * One document must be one thing: an index that also has `layers` or `config` could be read as another image by
 * another client (GHSA-77vh-xpmg-72qh), so it is refused.
 */
function checkKind(root: JsonObject): void {
  const version = root["schemaVersion"];
  if (version !== 2) {
    throw new OciError("NOT_AN_INDEX", "schemaVersion must be 2: this is no image index", { place: "schemaVersion" });
  }
  const mediaType = optionalString(root, "mediaType", "");
  if (mediaType !== undefined && mediaType !== "" && documentKind(mediaType) !== "index") {
    const message = `${excerpt(mediaType, 100)} is not the media type of an image index`;
    throw new OciError("NOT_AN_INDEX", message, { place: "mediaType" });
  }
  if (!("manifests" in root)) {
    throw new OciError("NOT_AN_INDEX", "an image index has a list of manifests, this document has none");
  }
  for (const key of ["config", "layers", "fsLayers"]) {
    if (key in root) {
      throw new OciError("NOT_AN_INDEX", "an image index with this field could be taken for an image", { place: key });
    }
  }
}
