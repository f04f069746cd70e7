import { formatFeature } from "../../hardware/feature.ts";
import { toRequirement } from "../../hardware/requirement.ts";
import type { ListEntry } from "../../lists/list.ts";
import { listsIn } from "../../lists/manifests.ts";
import { parseManifests } from "../../manifests/parse.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { UsageError } from "../../process/failure.ts";
import type { IndexedList } from "../../publishing/create.ts";

/** Whether a text is a resource of a cluster, and not the YAML of 2019, which has no apiVersion. */
export function isResource(text: string): boolean {
  return /(^|[{,])\s*["']?apiVersion["']?\s*:/m.test(text);
}

/** The ManifestList or ClusterManifestList of a text, as an index may list it. @throws UsageError, ManifestError, ListError */
export function indexedList(text: string, path: string): IndexedList {
  const [list, ...others] = listsIn(parseManifests(text, path));
  if (list === undefined || others.length > 0) throw new UsageError(`-f ${path}: one manifest list was expected`);
  const [tag, ...tags] = list.tags ?? [];
  const image = { ...parseReference(list.repository), ...(tag === undefined ? {} : { tag }) };
  return { image, tags, entries: list.entries.map((entry) => indexedEntry(entry, path)) };
}

function indexedEntry({ image, platform, requires, priority = 0, problem }: ListEntry, path: string) {
  const shown = formatReference(image);
  if (problem !== undefined) throw new UsageError(`-f ${path}: ${shown}: ${problem}`);
  const features = requires.flat();
  // In an entry of an index, values of one namespace are alternatives.
  if (toRequirement(features).length !== requires.length) {
    const names = features.map(formatFeature).join(", ");
    throw new UsageError(
      `-f ${path}: ${shown}: say in one place, features or platform.features, what is required: ${names}`,
    );
  }
  return { image, ...(platform === undefined ? {} : { platform }), features, priority };
}
