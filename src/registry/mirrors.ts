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

/** Reads `--mirror docker.io=https://mirror.example.com`. @throws MirrorError */
export function parseMirrors(texts: readonly string[]): Mirrors {
  const hosts = new Map<string, string>();
  const plainHttp: string[] = [];
  for (const text of texts) {
    const [registry = "", address = ""] = text.split(/=(.*)/s, 2);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const fits = url !== undefined && (url.protocol === "https:" || url.protocol === "http:") && url.pathname === "/";
    if (registry === "" || !fits) {
      throw new MirrorError(
        `--mirror ${text}: expected HOST=URL without a path, e.g. docker.io=https://mirror.example.com`,
      );
    }
    hosts.set(registry.toLowerCase(), url.host);
    if (url.protocol === "http:") plainHttp.push(url.host);
  }
  return { hosts, plainHttp };
}
