import { dockerHub, isDockerHub } from "../oci/docker-hub.ts";
import type { Reference } from "../oci/reference.ts";

/** Where a credential applies: a host whose labels may hold globs, an exact port, and a prefix of the path. */
export interface Scope {
  /** Lower-case labels, e.g. `["*", "example", "com"]`. */
  readonly labels: readonly string[];
  readonly port: string;
  /** With its leading slash, or empty. */
  readonly path: string;
}

/** A DNS name with a port and a repository: what is longer never matches, and need not be kept. */
const maxKeyLength = 512;

/**
 * Reads a key of `auths`: `https://index.docker.io/v1/`, `ghcr.io`, `*.example.com:5000/team`. The kubelet's rules
 * (pkg/credentialprovider, "Configuration of auth" in the Kubernetes documentation of images): the scheme does not
 * count, `/v1/` and `/v2/` stand for the host alone. Undefined where it is no such key.
 */
export function parseScope(key: string): Scope | undefined {
  if (key.length > maxKeyLength) return undefined;
  const bare = key.replace(/^https?:\/\//i, "");
  const slash = bare.indexOf("/");
  const host = (slash === -1 ? bare : bare.slice(0, slash)).toLowerCase();
  const written = slash === -1 ? "" : bare.slice(slash);
  if (host === "" || /[\s@#]/.test(bare)) return undefined;
  const behind = written.replace(/^\/v[12](?=\/|$)/, "");
  // A slash at the end of a longer path counts: `ghcr.io/team/` is not for `ghcr.io/teamster/app`.
  const path = behind === "/" ? "" : behind;
  return isDockerHub(host) ? hostScope(dockerHub, path) : hostScope(host, path);
}

function hostScope(host: string, path: string): Scope {
  // An IPv6 host keeps its colons inside the brackets.
  const { name = host, port = "" } = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/.exec(host)?.groups ?? {};
  return { labels: name.split("."), port, path };
}

/** True where the credential of this scope is meant for the image: same number of labels, same port, path begins so. */
export function scopeMatches(scope: Scope, reference: Pick<Reference, "registry" | "repository">): boolean {
  const registry = reference.registry.toLowerCase();
  const host = hostScope(isDockerHub(registry) ? dockerHub : registry, "");
  if (scope.port !== host.port || scope.labels.length !== host.labels.length) return false;
  if (!`/${reference.repository}`.startsWith(scope.path)) return false;
  return scope.labels.every((label, index) => globMatches(label, host.labels[index] ?? ""));
}

/** The more exact first: the longer path, then the host with fewer globs, then the text, as the kubelet orders. */
export function compareScopes(a: Scope, b: Scope): number {
  const globs = (scope: Scope): number => scope.labels.filter((label) => /[*?]/.test(label)).length;
  const text = (scope: Scope): string => `${scope.labels.join(".")}:${scope.port}${scope.path}`;
  return b.path.length - a.path.length || globs(a) - globs(b) || (text(a) < text(b) ? 1 : text(a) > text(b) ? -1 : 0);
}

/** `*` is any run of characters of one label, `?` is one. Without backtracking beyond the last star: never slow. */
function globMatches(glob: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let from = 0;
  while (from < text.length) {
    if (at < glob.length && (glob[at] === "?" || (glob[at] === text[from] && glob[at] !== "*"))) {
      at += 1;
      from += 1;
    } else if (glob[at] === "*") {
      star = at;
      at += 1;
      resume = from;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      from = resume;
    } else {
      return false;
    }
  }
  while (glob[at] === "*") at += 1;
  return at === glob.length;
}
