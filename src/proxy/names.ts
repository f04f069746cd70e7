import { isDigest } from "../oci/digest.ts";
import { machineWord } from "./config.ts";

/** A request of the registry API that reads (distribution-spec v1.1, "Endpoints"). */
export type Asked =
  | { readonly kind: "ping" }
  | { readonly kind: "manifest"; readonly repository: string; readonly tag: string }
  | { readonly kind: "manifest"; readonly repository: string; readonly digest: string }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: string }
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: string };

/** The name of a repository with all that stands before it: 255 characters are what clients send at most. */
const longestName = 255;
const longestPath = 1_024;
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const names = new RegExp(`^${component}(?:/${component})*$`);
const tags = /^\w[\w.-]{0,127}$/;
/** The last of them counts: a repository may be called `manifests`. */
const form = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/;

/** The parts of a request's target (RFC 9112, 3.2): its path as it was written, and its query. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Reads a request's target. Nothing in the path is resolved or decoded: what stands before this server, and looks at paths,
 * must see the same one. A whole URL counts by its path: clients write one to proxies.
 */
export function readTarget(target: string): Target {
  const [, path = "", query = ""] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(target) ?? [];
  return { path, query: new URLSearchParams(query) };
}

/** Undefined where the path is none of the API's. Nothing in it is decoded: names, tags and digests need no escapes. */
export function readPath(path: string): Asked | undefined {
  if (path.length > longestPath) return undefined;
  if (path === "/v2/" || path === "/v2") return { kind: "ping" };
  const listed = /^\/v2\/(.+)\/tags\/list$/.exec(path)?.[1];
  if (listed !== undefined && isName(listed)) return { kind: "tags", repository: listed };
  const [, repository = "", what, name = ""] = form.exec(path) ?? [];
  if (!isName(repository)) return undefined;
  if (what === "manifests" && tags.test(name)) return { kind: "manifest", repository, tag: name };
  if (!isDigest(name)) return undefined;
  switch (what) {
    case "manifests":
      return { kind: "manifest", repository, digest: name };
    case "blobs":
      return { kind: "blob", repository, digest: name };
    case "referrers":
      return { kind: "referrers", repository, digest: name };
    default:
      return undefined;
  }
}

/** A repository as a path names it: `machine/type1/qnib/bench` names a machine type too. */
export interface NamedRepository {
  readonly repository: string;
  readonly machineType?: string;
}

/** Undefined where a machine type is named and no repository. */
export function readMachine(named: string): NamedRepository | undefined {
  const [word, machineType, ...rest] = named.split("/");
  if (word !== machineWord) return { repository: named };
  return machineType === undefined || rest.length === 0 ? undefined : { repository: rest.join("/"), machineType };
}

function isName(text: string): boolean {
  return text.length <= longestName && names.test(text);
}
