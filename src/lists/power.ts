import { repositoryName } from "../oci/reference.ts";
import type { ListEntry, SpokenList } from "./list.ts";

/** The powers that the operator gives to the lists of namespaces, by name. */
export interface ListPowers {
  /** Whether its lists may name builds of other repositories than the one that they speak for. */
  acrossRepositories(namespace: string): boolean;
  /** Whether its lists decide when a Pod is bound too, where no policy sees the choice under the name of its asker. */
  atBinding(namespace: string): boolean;
}

/** The same, as flags name them; `*` for any namespace. */
export interface ListRules {
  readonly acrossRepositories: readonly string[];
  readonly atBinding: readonly string[];
}

export function powersOf({ acrossRepositories, atBinding }: ListRules): ListPowers {
  const names = (given: readonly string[]) => {
    const set = new Set(given);
    return (namespace: string) => set.has("*") || set.has(namespace);
  };
  return { acrossRepositories: names(acrossRepositories), atBinding: names(atBinding) };
}

export const noPowers: ListPowers = { acrossRepositories: () => false, atBinding: () => false };

export function isAcross({ repository }: SpokenList, { image }: ListEntry): boolean {
  return repositoryName(image) !== repository;
}

/** Why an entry counts for nobody; undefined where it counts. */
export function refusalOf(list: SpokenList, entry: ListEntry, powers: ListPowers): string | undefined {
  if (entry.problem !== undefined) return entry.problem;
  if (!isAcross(list, entry) || list.kind === "ClusterManifestList") return undefined;
  if (powers.acrossRepositories(list.namespace ?? "")) return undefined;
  return `it is not in ${list.repository}: a ManifestList names builds of that repository alone, a ClusterManifestList those of any`;
}

/**
 * Whether the list decides at a Pod's binding. A tenant's does not by itself: the Pod was let in with the name that was
 * asked for, and nobody but MetaHub would have seen which build of it the list leads to. An operator's does, for builds
 * of that very repository.
 */
export function decidesAtBinding(list: SpokenList, powers: ListPowers): boolean {
  if (list.kind === "ManifestList") return powers.atBinding(list.namespace ?? "");
  return list.atBinding || !list.entries.some((entry) => isAcross(list, entry));
}
