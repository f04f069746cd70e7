/** The answer that a 401 asks for (RFC 9110, section 11.6.1; the "token authentication" of distribution for Bearer). */
export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      readonly realm: string;
      readonly service: string | undefined;
      readonly scopes: readonly string[];
    };

/** Longer headers are not read: real ones have a few hundred characters. */
const maxLength = 8 * 1024;
/** Scopes of a challenge that are read; each becomes a parameter of the token request. */
const maxScopes = 4;

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const scheme = new RegExp(`[\\s,]*(${token})(?:[ \\t]+|$|(?=,))`, "y");
const parameter = new RegExp(`[\\s,]*(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, "y");
/** `repository:team/app:pull,push`, as distribution writes it; nothing that could break out of a query is let through. */
const scopeSyntax = /^[A-Za-z0-9()]+:[A-Za-z0-9._/:-]{1,300}:[A-Za-z0-9*,_-]{1,100}$/;

/** The challenge to answer: Bearer where there is one, otherwise Basic. Undefined where there is neither. */
export function readChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined || header.length > maxLength) return undefined;
  const challenges = split(header);
  for (const { name, values } of challenges) {
    const realm = values.get("realm");
    if (name !== "bearer" || realm === undefined) continue;
    const scopes = (values.get("scope") ?? "").split(" ").filter((scope) => scopeSyntax.test(scope));
    return { scheme: "bearer", realm, service: values.get("service"), scopes: scopes.slice(0, maxScopes) };
  }
  return challenges.some(({ name }) => name === "basic") ? { scheme: "basic" } : undefined;
}

interface Read {
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
}

function split(header: string): readonly Read[] {
  const found: Read[] = [];
  let at = 0;
  while (at < header.length) {
    scheme.lastIndex = at;
    const name = scheme.exec(header)?.[1];
    if (name === undefined) break;
    at = scheme.lastIndex;
    const values = new Map<string, string>();
    for (;;) {
      parameter.lastIndex = at;
      const match = parameter.exec(header);
      const key = match?.[1]?.toLowerCase();
      if (match === null || key === undefined) break;
      at = parameter.lastIndex;
      // The first wins: a second `realm` must not redirect what the first one promised.
      if (!values.has(key)) values.set(key, match[2]?.replace(/\\(.)/g, "$1") ?? match[3] ?? "");
    }
    found.push({ name: name.toLowerCase(), values });
  }
  return found;
}
