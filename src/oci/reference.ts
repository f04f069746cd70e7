import { isDigest, parseDigest } from "./digest.ts";
import { dockerHub, dockerHubLegacy } from "./docker-hub.ts";
import { OciError } from "./error.ts";
import { excerpt } from "./excerpt.ts";

/** An image reference, read as Docker reads it (distribution/reference). */
export interface Reference {
  /** Host and optional port, as Docker names it: `docker.io`, `registry.example.com:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** Path in the registry, with `library/` where Docker adds it. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
  /** The name as it was written, without tag and digest: what a rewritten reference begins with. */
  readonly name: string;
}

const official = "library/";
const defaultTag = "latest";

/** distribution/reference, RepositoryNameTotalLengthMax: the repository without its registry. */
const maxRepository = 255;
/** Registry (a DNS name has at most 253), repository, tag (128) and digest together stay below this. */
const maxText = 1024;

const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const hostPattern = /^[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*(?::[0-9]+)?$/;
const ipv6Host = /^\[[a-fA-F0-9:]+\](?::[0-9]+)?$/;
const digestTag = /^(?:sha256|sha512)-[0-9a-f]{64}(?:\.\w+)?$/;
const imageId = /^[a-f0-9]{64}$/;

/**
 * Reads an image reference as Docker and the kubelet do: `nginx`, `ghcr.io/a/b:v1`, `localhost:5000/a@sha256:…`.
 * @throws OciError REFERENCE_EMPTY, REFERENCE_TOO_LONG, REFERENCE_UPPERCASE, REFERENCE_INVALID, DIGEST_*
 */
export function parseReference(text: string): Reference {
  if (text === "") {
    throw new OciError("REFERENCE_EMPTY", "an image reference is needed, such as nginx or ghcr.io/team/app:v1");
  }
  if (text.length > maxText) {
    const message = `the image reference has ${text.length} characters, at most ${maxText} are read: ${excerpt(text)}`;
    throw new OciError("REFERENCE_TOO_LONG", message);
  }
  if (imageId.test(text)) {
    // Docker refuses it too: it would be ambiguous with an image's id.
    throw invalid(text, "64 hexadecimal digits alone are an image id; write name@sha256:<digest>");
  }

  const at = text.indexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const beforeDigest = at === -1 ? text : text.slice(0, at);

  const colon = beforeDigest.lastIndexOf(":");
  const hasTag = colon > beforeDigest.lastIndexOf("/");
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  const name = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;

  const { registry, path } = splitRegistry(name);
  checkRegistry(text, registry);
  checkRepository(text, path);
  if (tag !== undefined && !tagPattern.test(tag)) {
    throw invalid(
      text,
      `the tag ${excerpt(tag)} is not valid: up to 128 letters, digits, "_", "." and "-", not beginning with "." or "-"`,
    );
  }
  if (digest !== undefined) {
    parseDigest(digest);
  }
  return {
    registry,
    repository: path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    name,
  };
}

/** The reference as it was written. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${reference.name}${tag}${digest}`;
}

/** `name@digest`, the name as it was written: the form that nodes list, which the scheduler's image locality matches. */
export function withDigest(reference: Reference, digest: string): string {
  assertDigest(digest);
  return `${reference.name}@${digest}`;
}

/** `name:tag@digest`; without a tag in the reference `name@digest`. Runtimes use the digest and ignore the tag. */
export function withTagAndDigest(reference: Reference, digest: string): string {
  assertDigest(digest);
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  return `${reference.name}${tag}@${digest}`;
}

/** The name with registry and `library/`, without tag and digest: equal for equal repositories. */
export function repositoryName(reference: Reference): string {
  return `${reference.registry}/${reference.repository}`;
}

/**
 * The normal form of the kubelet and of containerd's CRI: registry and `library/` written out, `:latest` where there is
 * neither tag nor digest, and the digest alone where there are both.
 */
export function normalForm(reference: Reference): string {
  if (reference.digest !== undefined) {
    return `${repositoryName(reference)}@${reference.digest}`;
  }
  return `${repositoryName(reference)}:${reference.tag ?? defaultTag}`;
}

/** The tag that a registry is asked for: `latest` where neither tag nor digest is written, none where a digest is. */
export function effectiveTag(reference: Reference): string | undefined {
  return reference.digest === undefined ? (reference.tag ?? defaultTag) : undefined;
}

/**
 * Whether a tag stands for a digest: where a registry keeps what refers to it (distribution-spec v1.1, "Referrers Tag
 * Schema": the algorithm, and at most 64 characters), or where cosign keeps a signature of it (`sha256-….sig`).
 */
export function isDigestTag(tag: string): boolean {
  return digestTag.test(tag);
}

/**
 * The short form that people know: without `docker.io/` and `library/`, except where it would be read as another name
 * (`docker.io/my.team/app`, whose first part looks like a host).
 */
export function familiar(reference: Reference): string {
  let name = repositoryName(reference);
  if (reference.registry === dockerHub) {
    const rest = reference.repository.slice(official.length);
    const short = reference.repository.startsWith(official) && !rest.includes("/") ? rest : reference.repository;
    name = splitRegistry(short).registry === dockerHub ? short : name;
  }
  return formatReference({ ...reference, name });
}

/**
 * Docker's rule: what stands before the first slash is a registry where it holds a dot or a colon, is `localhost`, or
 * has an upper-case letter (which no repository may have).
 */
function splitRegistry(name: string): { registry: string; path: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isRegistry = slash !== -1 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const written = isRegistry ? first : dockerHub;
  const registry = written === dockerHubLegacy ? dockerHub : written;
  const path = isRegistry ? name.slice(slash + 1) : name;
  return { registry, path: registry === dockerHub && !path.includes("/") ? `${official}${path}` : path };
}

function checkRegistry(text: string, registry: string): void {
  if (!hostPattern.test(registry) && !ipv6Host.test(registry)) {
    const scheme = /^https?:$/.test(registry) ? "; leave out the scheme" : "";
    throw invalid(text, `${excerpt(registry)} is not a registry's host and port${scheme}`);
  }
}

function checkRepository(text: string, path: string): void {
  if (path !== path.toLowerCase()) {
    const message = `${excerpt(text)}: a repository is written in lower case, as ${excerpt(path.toLowerCase())}`;
    throw new OciError("REFERENCE_UPPERCASE", message);
  }
  if (path.length > maxRepository) {
    const message = `${excerpt(text)}: the repository has ${path.length} characters, at most ${maxRepository} are allowed`;
    throw new OciError("REFERENCE_TOO_LONG", message);
  }
  for (const component of path.split("/")) {
    if (!pathPattern.test(component)) {
      const shown = component === "" ? "an empty part" : excerpt(component);
      throw invalid(
        text,
        `${shown} in the repository is not valid: letters and digits, joined by ".", "_", "__" or "-"`,
      );
    }
  }
}

function assertDigest(digest: string): void {
  if (!isDigest(digest)) {
    parseDigest(digest);
  }
}

function invalid(text: string, why: string): OciError {
  return new OciError("REFERENCE_INVALID", `${excerpt(text)} is not an image reference: ${why}`);
}
