import { type Feature, formatFeature, type Requirement } from "../hardware/feature.ts";
import { toRequirement } from "../hardware/requirement.ts";
import { featuresAnnotation, priorityAnnotation } from "../oci/annotations.ts";
import { computeDigest } from "../oci/digest.ts";
import { maxEntries } from "../oci/document.ts";
import { ociIndex } from "../oci/media-types.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import { platformRequirement } from "../oci/requirement.ts";
import type { Variant } from "../oci/variant.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import type { IndexImage } from "../registry/image.ts";

/** A manifest list as an index that clients may read, and where its builds are. */
export interface ListIndex {
  readonly manifest: Manifest;
  /** Digest of a build → the repository that has it; builds of the asked one are not named. */
  readonly sources: ReadonlyMap<string, Source>;
}

/** A repository, with its name as the list writes it. */
export type Source = Pick<Reference, "registry" | "repository" | "name">;

/** One that was made of a list just now. */
export interface MadeListIndex extends ListIndex {
  /** A build of which the index cannot tell all that it requires: whoever goes by the index alone may take it wrongly. */
  readonly untold: string | undefined;
}

const known = new WeakMap<readonly Variant[], MadeListIndex>();

/**
 * The builds of a list as an OCI index, with what each requires. The same builds give the same bytes. Those that require
 * nothing come first, as clients without MetaHub take the first of their platform.
 * @throws RegistryError INVALID where there are more builds than an index holds
 */
export function listIndexOf({ variants, madeOf }: Pick<IndexImage, "variants" | "madeOf">): MadeListIndex {
  const before = known.get(variants);
  if (before !== undefined) return before;
  if (variants.length > maxEntries) {
    const text = `${madeOf?.shown ?? "the list"} leads to ${variants.length} builds, and an index holds ${maxEntries}`;
    throw new RegistryError("INVALID", text);
  }
  const untold = variants.find((variant) => !carriersOf(explicitOf(variant)).whole)?.digest;
  const made = { manifest: manifestOf(variants), sources: sourcesOf(variants), untold };
  known.set(variants, made);
  return made;
}

function manifestOf(variants: readonly Variant[]): Manifest {
  const entries = variants.map((variant) => ({ ...variant, requires: explicitOf(variant) }));
  const generic = entries.filter(({ requires }) => requires.length === 0);
  const others = entries.filter(({ requires }) => requires.length > 0);
  const document = { schemaVersion: 2, mediaType: ociIndex, manifests: [...generic, ...others].map(entryOf) };
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, mediaType: ociIndex, size: bytes.length, digest: computeDigest(bytes) };
}

/** Requirements that the platform does not say already. */
function explicitOf({ platform, requires }: Variant): Requirement {
  const said = new Set(platformRequirement(platform).map(textOf));
  return requires.filter((group) => !said.has(textOf(group)));
}

function entryOf({ mediaType, digest, size, artifactType, platform, requires, priority }: Variant): object {
  const { os, architecture, variant, osVersion } = platform;
  const { first, second } = carriersOf(requires);
  const annotations = {
    ...(first.length === 0 ? {} : { [featuresAnnotation]: first.map(formatFeature).join(",") }),
    ...(priority === 0 ? {} : { [priorityAnnotation]: String(priority) }),
  };
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    platform: {
      architecture,
      os,
      ...(osVersion === undefined ? {} : { "os.version": osVersion }),
      ...(variant === undefined ? {} : { variant }),
      ...(second.length === 0 ? {} : { features: second.map(formatFeature) }),
    },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

interface Carriers {
  readonly first: readonly Feature[];
  readonly second: readonly Feature[];
  /** Whether they say all that is required. */
  readonly whole: boolean;
}

/**
 * Two lines of features that say together what is required, as values of one namespace are alternatives in a line. An
 * index entry has no place for a third demand on one namespace: list, manifest and index entry would all have to name it.
 */
function carriersOf(requires: Requirement): Carriers {
  const [first, second]: [Feature[], Feature[]] = [[], []];
  let whole = true;
  for (const group of requires) {
    const line = [first, second].find((features) => isApart(features, group));
    line?.push(...group);
    whole &&= line !== undefined;
  }
  return { first, second, whole };
}

function isApart(features: readonly Feature[], group: readonly Feature[]): boolean {
  const apart = [...toRequirement(features), ...toRequirement(group)].length;
  return toRequirement([...features, ...group]).length === apart;
}

function textOf(group: readonly Feature[]): string {
  return group.map(formatFeature).sort().join("|");
}

function sourcesOf(variants: readonly Variant[]): ReadonlyMap<string, Source> {
  const own = new Set(variants.flatMap(({ name, digest }) => (name === undefined ? [digest] : [])));
  const away = variants.flatMap(({ name, digest }): [string, Source][] =>
    name === undefined || own.has(digest) ? [] : [[digest, sourceOf(name)]],
  );
  return new Map(away);
}

/** @throws OciError where it names none */
export function sourceOf(text: string): Source {
  const { registry, repository, name } = parseReference(text);
  return { registry, repository, name };
}
