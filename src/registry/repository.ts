import { dockerHubApi, isDockerHub } from "../oci/docker-hub.ts";
import type { Reference } from "../oci/reference.ts";
import { RegistryError, redactUrl } from "./error.ts";
import type { Settings } from "./options.ts";

/** A repository on its registry, as it is asked over the network. */
export interface Repository {
  /** `registry/repository`, for messages and cache keys. */
  readonly label: string;
  readonly name: string;
  /** The URL of a path below `/v2/<name>/`. */
  url(path: string): URL;
}

/** @throws RegistryError REFUSED_HOST where the registry is not on the list; INVALID from `url` for what leads elsewhere */
export function openRepository(reference: Pick<Reference, "registry" | "repository">, settings: Settings): Repository {
  const registry = reference.registry.toLowerCase();
  const label = `${registry}/${reference.repository}`;
  if (!settings.allowedRegistries(registry)) {
    throw new RegistryError("REFUSED_HOST", `${registry}: is not on the list of registries that may be asked`);
  }
  const host = settings.mirrors.get(registry) ?? (isDockerHub(registry) ? dockerHubApi : registry);
  const origin = `${settings.plainHttp(host) ? "http" : "https"}://${host}`;
  return {
    label,
    name: reference.repository,
    url: (path) => {
      const text = `/v2/${reference.repository}/${path}`;
      const url = URL.canParse(text, origin) ? new URL(text, origin) : undefined;
      // A reference that no parser has seen could hold `..`, a query or user info, and ask for something else.
      if (url === undefined || url.pathname !== text || url.search !== "" || url.username !== "") {
        throw new RegistryError("INVALID", "the image reference does not make a valid address; check its spelling");
      }
      return url;
    },
  };
}

/** The right to read, as token servers are asked for it. */
export function pullScope(repository: Repository): string {
  return `repository:${repository.name}:pull`;
}

/** The request in messages: `GET https://registry.example.com/v2/team/app/manifests/v1`. */
export function describeRequest(method: string, repository: Repository, path: string): string {
  return `${method} ${redactUrl(repository.url(path))}`;
}
