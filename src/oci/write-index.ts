import { type Feature, formatFeature } from "../hardware/feature.ts";
import type { Platform } from "../hardware/platform.ts";
import { featuresAnnotation, priorityAnnotation } from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import { computeDigest } from "./digest.ts";
import { maxEntries } from "./document.ts";
import { OciError } from "./error.ts";
import { dockerList, ociIndex } from "./media-types.ts";

/** One build to be listed: where it is, what it runs on, what it requires. */
export interface IndexEntry {
  readonly descriptor: Descriptor;
  readonly platform: Platform;
  /** One carrier: values of one namespace are alternatives. */
  readonly features: readonly Feature[];
  /** 0 by default. */
  readonly priority?: number;
  /** More annotations of the entry. Those of MetaHub win. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface BuildIndexOptions {
  /** `oci` (default) writes annotations; `docker` writes a manifest list with `platform.features`. */
  readonly form?: "oci" | "docker";
  /** Annotations of the index itself; only in the OCI form. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface BuiltIndex extends Descriptor {
  readonly bytes: Uint8Array;
}

/**
 * Writes an image index whose entries carry features. Entries that require nothing come first, then the order given:
 * a client without MetaHub takes the first entry of its platform (image-spec, image-index.md) and so gets a build that
 * runs anywhere. `os.features` is never written: runtimes that ignore it would pick wrongly.
 * @throws OciError TOO_MANY_ENTRIES; WRONG_VALUE where the Docker form has no place for something
 */
export function buildIndex(entries: readonly IndexEntry[], options: BuildIndexOptions = {}): BuiltIndex {
  if (entries.length > maxEntries) {
    throw new OciError("TOO_MANY_ENTRIES", `an index holds at most ${maxEntries} entries, not ${entries.length}`);
  }
  const docker = options.form === "docker";
  const mediaType = docker ? dockerList : ociIndex;
  const ordered = [...entries.filter(isGeneric), ...entries.filter((entry) => !isGeneric(entry))];
  const document = {
    schemaVersion: 2,
    mediaType,
    manifests: ordered.map(docker ? dockerEntry : ociEntry),
    ...(docker || options.annotations === undefined ? {} : { annotations: options.annotations }),
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`);
  return { bytes, mediaType, digest: computeDigest(bytes), size: bytes.length };
}

function isGeneric(entry: IndexEntry): boolean {
  return entry.features.length === 0;
}

function ociEntry(entry: IndexEntry): object {
  const features = featureTexts(entry);
  const annotations = {
    ...entry.annotations,
    ...(features.length === 0 ? {} : { [featuresAnnotation]: features.join(",") }),
    ...(entry.priority === undefined || entry.priority === 0 ? {} : { [priorityAnnotation]: String(entry.priority) }),
  };
  return {
    ...descriptorOf(entry),
    platform: platformOf(entry.platform),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function dockerEntry(entry: IndexEntry, index: number): object {
  if ((entry.priority ?? 0) !== 0 || Object.keys(entry.annotations ?? {}).length > 0) {
    const message = "a Docker manifest list has no place for a priority or annotations; write the OCI form";
    throw new OciError("WRONG_VALUE", message, { place: `manifests[${index}]` });
  }
  const features = featureTexts(entry);
  return {
    ...descriptorOf(entry),
    platform: { ...platformOf(entry.platform), ...(features.length === 0 ? {} : { features }) },
  };
}

function featureTexts(entry: IndexEntry): readonly string[] {
  return [...new Set(entry.features.map(formatFeature))];
}

function descriptorOf(entry: IndexEntry): Descriptor {
  const { mediaType, digest, size } = entry.descriptor;
  return { mediaType, digest, size };
}

function platformOf(platform: Platform): object {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.osVersion === undefined ? {} : { "os.version": platform.osVersion }),
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
  };
}
