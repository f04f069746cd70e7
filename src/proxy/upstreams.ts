import type { Reference } from "../oci/reference.ts";

/** A registry that is reached through this one. */
export interface Upstream {
  /** First in the path of its repositories: `ghcr`. */
  readonly name: string;
  /** As references name it: `ghcr.io`. */
  readonly host: string;
  /** Clients are sent to where it keeps its blobs. */
  readonly redirectBlobs?: boolean;
}

/** Where a repository lies upstream. */
export interface Place {
  readonly reference: Pick<Reference, "registry" | "repository" | "name">;
  /** The one name by which credentials' patterns know it: bare for the default upstream, else below its name. */
  readonly canonical: string;
}

/** Docker Hub's own images have no owner in their names. */
const hub = "docker.io";

/** The registries that are reached, by the names that clients use. Nothing else is. */
export class Upstreams {
  /** Upstreams by what a path may begin with: their name, and their host. */
  readonly #byPrefix: ReadonlyMap<string, Upstream>;
  readonly #byHost: ReadonlyMap<string, Upstream>;
  readonly #default: string | undefined;

  /** `defaultHost`: of names without an upstream's. Absent: those are not there. */
  constructor(upstreams: readonly Upstream[], defaultHost: string | undefined) {
    this.#byHost = new Map(upstreams.map((upstream) => [upstream.host, upstream]));
    const byName = upstreams.map((upstream): [string, Upstream] => [upstream.name, upstream]);
    this.#byPrefix = new Map([...this.#byHost, ...byName]);
    this.#default = defaultHost;
  }

  /** `ns`: the host that containerd names in the query of a mirror's request. Undefined where it leads nowhere. */
  place(repository: string, ns: string | undefined): Place | undefined {
    if (ns !== undefined) return this.#at(ns, this.#byHost.get(ns), repository);
    const slash = repository.indexOf("/");
    const upstream = slash === -1 ? undefined : this.#byPrefix.get(repository.slice(0, slash));
    if (upstream !== undefined) return this.#at(upstream.host, upstream, repository.slice(slash + 1));
    return this.#default === undefined ? undefined : this.#at(this.#default, undefined, repository);
  }

  /** Whether clients may be sent to where the upstream with this host keeps its blobs. */
  redirectsBlobs(host: string): boolean {
    return this.#byHost.get(host)?.redirectBlobs ?? false;
  }

  #at(host: string, upstream: Upstream | undefined, asked: string): Place | undefined {
    if (upstream === undefined && host !== this.#default) return undefined;
    const repository = host === hub && !asked.includes("/") ? `library/${asked}` : asked;
    const reference = { registry: host, repository, name: `${host}/${repository}` };
    // The default one may have a name too: its repositories are the same ones.
    if (host !== this.#default && upstream !== undefined) {
      return { reference, canonical: `${upstream.name}/${repository}` };
    }
    // Below an upstream's name, it would be taken for that one's.
    const [first = ""] = repository.split("/");
    return { reference, canonical: this.#byPrefix.has(first) ? `${host}/${repository}` : repository };
  }
}

/**
 * Whether a client may be sent to a host: never to one of our own name or below it, on whatever port, since some clients send
 * their login along (containerd 2.1, podman 5.8, regctl 0.11).
 * @param own the host as clients reach it, without a port
 */
export function maySendTo(target: string, own: string): boolean {
  const host = target.toLowerCase().replace(/\.$/, "");
  const ours = own.toLowerCase().replace(/\.$/, "");
  return host !== ours && !host.endsWith(`.${ours}`);
}
