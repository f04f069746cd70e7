/** A cookie's name and what it is sent with. */
export interface CookieKind {
  readonly name: string;
  readonly attributes: string;
}

/** The console's cookies, as the address that browsers reach it by allows. */
export interface Cookies {
  readonly session: CookieKind;
  /** Holds a sign-in by OpenID Connect that is under way. */
  readonly openid: CookieKind;
}

/** How long a sign-in at an OpenID provider may take, seconds. */
export const openidSeconds = 600;

/**
 * `__Host-` binds a cookie to this host, TLS and the path /: neither a neighbour below the same domain nor whoever sits on
 * plain HTTP can plant one. Browsers take it over TLS alone, so that on http://localhost the name is a plain one.
 *
 * The session's is SameSite=Strict: no other site's link, form or frame carries it, and nothing is lost, as pages are
 * the same for everybody and ask for data by themselves. The one of OpenID Connect has to be Lax: the provider's answer
 * is a link from another site.
 */
export function cookiesFor(externalUrl: URL): Cookies {
  const secure = externalUrl.protocol === "https:";
  const prefix = secure ? "__Host-" : "";
  const always = `Path=/; HttpOnly${secure ? "; Secure" : ""}`;
  return {
    session: { name: `${prefix}metahub`, attributes: `${always}; SameSite=Strict` },
    openid: { name: `${prefix}metahub-openid`, attributes: `${always}; SameSite=Lax; Max-Age=${openidSeconds}` },
  };
}

export function setCookie({ name, attributes }: CookieKind, value: string): string {
  return `${name}=${value}; ${attributes}`;
}

export function endCookie({ name, attributes }: CookieKind): string {
  return `${name}=; ${attributes.replace(/; Max-Age=\d+/, "")}; Max-Age=0`;
}

/**
 * The value of a cookie in a request's `Cookie` header. Undefined where it is not there, or there twice: one of the two
 * was planted.
 */
export function readCookie(header: string | undefined, { name }: CookieKind): string | undefined {
  const found: string[] = [];
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) found.push(pair.slice(equals + 1).trim());
  }
  return found.length === 1 ? found[0] : undefined;
}
