import { dockerHub, isDockerHub } from "../oci/docker-hub.ts";

/** A text that names no mirror; the message shows a right one. */
export class MirrorError extends Error {
  override readonly name = "MirrorError";
  readonly code = "MIRROR_INVALID";
}

export interface Mirrors {
  /** Registry as references name it → the host that is asked instead. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Those of them that speak plain HTTP. */
  readonly plainHttp: readonly string[];
}

/** How other programs write "all registries": containerd's folder of hosts.toml, k3s and registries.conf. */
const everything: ReadonlySet<string> = new Set(["*", "_default"]);
/** A host as references name it: labels, or an IPv6 address, and a port. */
const host = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Reads `--mirror docker.io=https://mirror.example.com`. @throws MirrorError */
export function parseMirrors(texts: readonly string[]): Mirrors {
  const hosts = new Map<string, string>();
  const plainHttp: string[] = [];
  for (const text of texts) {
    const { registry, url } = parseMirror(text);
    const before = hosts.get(registry);
    if (before !== undefined && before !== url.host) {
      throw new MirrorError(
        `--mirror ${text}: ${registry} has a mirror already, ${before}; name one for each registry`,
      );
    }
    hosts.set(registry, url.host);
    if (url.protocol === "http:") plainHttp.push(url.host);
  }
  return { hosts, plainHttp };
}

function parseMirror(text: string): { readonly registry: string; readonly url: URL } {
  const [written = "", address = ""] = text.split(/=(.*)/s, 2);
  const name = written.toLowerCase();
  const registry = isDockerHub(name) ? dockerHub : name;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const fits = url !== undefined && (url.protocol === "https:" || url.protocol === "http:") && url.pathname === "/";
  const wrong = (why: string): MirrorError =>
    new MirrorError(`--mirror ${text}: expected HOST=URL without a path, e.g. ${why}`);
  if (everything.has(name)) {
    throw wrong(
      `${dockerHub}=${fits ? address : "https://mirror.example.com"}; ${written} is no host, name each registry`,
    );
  }
  const bare = name.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  if (fits && bare !== name && host.test(bare)) throw wrong(`${isDockerHub(bare) ? dockerHub : bare}=${address}`);
  if (!fits || !host.test(name)) throw wrong(`${dockerHub}=https://mirror.example.com`);
  return { registry, url };
}
