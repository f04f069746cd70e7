import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { ConsoleError } from "../error.ts";

/** RFC 9110, 9.2.1. */
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether requests of this method change nothing. */
export function isSafe(method: string): boolean {
  return safe.has(method);
}

/**
 * Refuses a request that names another host than the one that people reach the console by: a page of an attacker whose
 * name was pointed at this address (DNS rebinding) would be of the same origin as the console.
 * @throws ConsoleError 421
 */
export function checkHost(host: string | undefined, externalUrl: URL): void {
  if (host?.toLowerCase() === externalUrl.host) return;
  throw new ConsoleError({
    status: 421,
    title: "Another host",
    detail: `This console is reached as ${externalUrl.origin} (--external-url).`,
  });
}

/**
 * Refuses what another site's page sends. A browser says in `Sec-Fetch-Site` where a request comes from, and no script
 * can write that header. Reading by an address that was typed in is `none`; changing something takes a page of ours.
 * @throws ConsoleError 403
 */
export function checkSite(method: string, headers: IncomingHttpHeaders, externalUrl: URL): void {
  const site = headers["sec-fetch-site"];
  const { origin } = headers;
  const ours = isSafe(method)
    ? site === undefined || site === "same-origin" || site === "none"
    : site === "same-origin" && (origin === undefined || origin === "null" || origin === externalUrl.origin);
  if (ours) return;
  throw new ConsoleError({
    status: 403,
    title: "Not from a page of the console",
    detail: "Only pages of the console may ask this. A client that is no browser sends `Sec-Fetch-Site: same-origin`.",
  });
}

/** Refuses a change without the token of the session: a cookie alone proves no intent. @throws ConsoleError 403 */
export function checkCsrf(header: string | string[] | undefined, csrf: string): void {
  if (typeof header === "string" && sameText(header, csrf)) return;
  throw new ConsoleError({
    status: 403,
    title: "Not from this session's page",
    detail: "The header X-MetaHub-CSRF is missing or of another session. Load the page again.",
  });
}

/** Compares in a time that says nothing of either text. */
function sameText(one: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
