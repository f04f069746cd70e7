import type { ListedManifest, ManifestListKind, ManifestListResource } from "../api/manifest-list.ts";
import type { Requirement } from "../hardware/feature.ts";
import { parseFeatures } from "../hardware/parse.ts";
import { normalizePlatform, type Platform } from "../hardware/platform.ts";
import { toRequirement } from "../hardware/requirement.ts";
import { computeDigest } from "../oci/digest.ts";
import type { ManifestList } from "../oci/manifest-list.ts";
import { formatReference, parseReference, type Reference, repositoryName } from "../oci/reference.ts";

/** A manifest list, read: the name that it speaks for, and its builds. */
export interface SpokenList {
  readonly kind: ManifestListKind;
  /** A ManifestList has one. Absent in a file that does not say one, which then counts for everybody. */
  readonly namespace?: string;
  readonly name: string;
  /** RFC 3339; empty where nobody says it: such a list is the oldest. */
  readonly created: string;
  /** `ManifestList team-a/bench`, for people. */
  readonly shown: string;
  /** As notes name it: kind and name, uid, and the digest of all that it says. */
  readonly identity: string;
  /** The repository that it speaks for, as `repositoryName` gives it. */
  readonly repository: string;
  /** Absent: every tag of it. */
  readonly tags?: ReadonlySet<string>;
  readonly entries: readonly ListEntry[];
  /** Whether builds of other repositories are written at binding too. */
  readonly atBinding: boolean;
  /** Sentences on what was not understood; the YAML of 2019 refuses nothing for it. */
  readonly warnings?: readonly string[];
}

/** A build, or those of an index, before a registry was asked. */
export interface ListEntry {
  readonly image: Reference;
  /** Absent: what the image itself says. */
  readonly platform?: Platform;
  /** All that the list itself says of it. */
  readonly requires: Requirement;
  /** Absent: what the image itself says. */
  readonly priority?: number;
  /** Why it never counts. */
  readonly problem?: string;
}

/** The list that a resource is. */
export function listOfResource({ kind, metadata, spec }: ManifestListResource): SpokenList {
  const { name, namespace, uid, creationTimestamp } = metadata;
  const image = parseReference(spec.image);
  const inNamespace = kind === "ManifestList" && namespace !== undefined ? { namespace } : {};
  return {
    kind,
    ...inNamespace,
    name,
    created: creationTimestamp ?? "",
    shown: `${kind} ${kind === "ManifestList" && namespace !== undefined ? `${namespace}/` : ""}${name}`,
    identity: identityOf(kind, name, uid, spec),
    ...spokenFor(image, spec.tags ?? []),
    entries: spec.manifests.map(entryOf),
    atBinding: spec.atBinding === true,
  };
}

/** The list that the YAML of 2019 is, which has no name but that of its image. It is its reader's own: as an operator's. */
export function listOfFile(list: ManifestList, place: string): SpokenList {
  const { image, tags, entries } = list;
  const kind = "ClusterManifestList";
  const name = image.repository.replaceAll(/[^a-z0-9.-]/g, "-");
  return {
    kind,
    name,
    created: "",
    shown: `the list in ${place}`,
    identity: identityOf(kind, name, undefined, [formatReference(image), tags, entries]),
    ...spokenFor(image, tags),
    entries: entries.map(({ image: build, platform, features, priority }) => ({
      image: build,
      platform,
      requires: toRequirement(features),
      priority,
    })),
    atBinding: false,
    warnings: list.warnings,
  };
}

function identityOf(kind: ManifestListKind, name: string, uid: string | undefined, content: unknown): string {
  const digest = computeDigest(new TextEncoder().encode(JSON.stringify(content)));
  return `${kind}/${name} ${uid ?? "-"} ${digest}`;
}

function spokenFor(image: Reference, tags: readonly string[]): Pick<SpokenList, "repository" | "tags"> {
  const named = image.tag === undefined ? tags : [image.tag, ...tags];
  return { repository: repositoryName(image), ...(named.length === 0 ? {} : { tags: new Set(named) }) };
}

function entryOf({ image, platform, features, priority }: ListedManifest): ListEntry {
  const reference = parseReference(image);
  const rest = { image: reference, ...(priority === undefined ? {} : { priority }) };
  try {
    const normal = platform === undefined ? undefined : normalizePlatform({ ...platform, os: platform.os ?? "linux" });
    const carrier = (texts: readonly string[] = []): Requirement =>
      toRequirement(texts.flatMap((text) => parseFeatures(text, { architecture: normal?.architecture })));
    const requires = [...carrier(features), ...carrier(platform?.features)];
    return { ...rest, ...(normal === undefined ? {} : { platform: normal }), requires };
  } catch (error) {
    return { ...rest, requires: [], problem: error instanceof Error ? error.message : String(error) };
  }
}
