/** The part of an answer that a redirect is in. */
interface RedirectAnswer {
  readonly header: (name: string) => string | undefined;
}

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Uploads are never sent elsewhere: no registry asks for it, and the body would go to a host nobody named. */
export function mayFollow(method: string, status: number): boolean {
  return statuses.has(status) && (method === "GET" || method === "HEAD");
}

/**
 * Where a redirect leads, or the sentence that says why it is not followed. Addresses are checked when connecting. The
 * target's own text is not repeated: the registry chose it.
 */
export function redirectTarget(
  response: RedirectAnswer,
  from: URL,
  plainHttp: (host: string) => boolean,
): URL | string {
  const location = response.header("location");
  if (location === undefined) return "redirected without saying where";
  if (location.length > 8192 || !URL.canParse(location, from.href)) return "redirected to something that is no URL";
  const target = new URL(location, from);
  if (target.username !== "" || target.password !== "") return "redirected to a URL that holds credentials";
  if (target.protocol === "https:") return target;
  if (target.protocol !== "http:") return "redirected to something other than HTTPS";
  if (from.protocol === "https:") return "redirected from HTTPS to plain HTTP";
  return plainHttp(target.host) ? target : "redirected to plain HTTP on a host where it is not allowed";
}
