import type { Reference } from "../oci/reference.ts";

/** A registry that is reached through this one. */
export interface Upstream {
  /** What clients put first in the path: `ghcr`. */
  readonly name: string;
  /** As references name it: `ghcr.io`. */
  readonly host: string;
}

/** Where a repository lies upstream. */
export type Place = Pick<Reference, "registry" | "repository" | "name">;

/** Docker Hub's own images have no owner in their names. */
const hub = "docker.io";

/** The registries that are reached, by the names that clients use. Nothing else is. */
export class Upstreams {
  readonly #byName: ReadonlyMap<string, string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #default: string | undefined;

  /** `defaultHost`: of names without an upstream's. Absent: those are not there. */
  constructor(upstreams: readonly Upstream[], defaultHost: string | undefined) {
    const named = upstreams.flatMap(({ name, host }): [string, string][] => [
      [name, host],
      [host, host],
    ]);
    this.#byName = new Map(named);
    this.#hosts = new Set([...upstreams.map(({ host }) => host), ...(defaultHost === undefined ? [] : [defaultHost])]);
    this.#default = defaultHost;
  }

  /** `ns`: the host that containerd names in the query of a mirror's request. Undefined where it leads nowhere. */
  place(repository: string, ns: string | undefined): Place | undefined {
    if (ns !== undefined) return this.#hosts.has(ns) ? placeAt(ns, repository) : undefined;
    const slash = repository.indexOf("/");
    const host = slash === -1 ? undefined : this.#byName.get(repository.slice(0, slash));
    if (host !== undefined) return placeAt(host, repository.slice(slash + 1));
    return this.#default === undefined ? undefined : placeAt(this.#default, repository);
  }
}

function placeAt(registry: string, asked: string): Place {
  const repository = registry === hub && !asked.includes("/") ? `library/${asked}` : asked;
  return { registry, repository, name: `${registry}/${repository}` };
}
