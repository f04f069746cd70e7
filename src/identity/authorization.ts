/** Characters of a header's value that are looked at: as many as Node's parser takes of all headers together. */
const maxHeaderLength = 16 * 1024;
const maxUsernameLength = 256;

/** The content of a request's `Authorization`. */
export type Presented =
  | { readonly scheme: "none" | "unknown" }
  /** `password` is undefined where the header cannot be read or is longer than it may be. */
  | { readonly scheme: "basic"; readonly login: Login | undefined }
  | { readonly scheme: "bearer"; readonly token: string | undefined };

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Reads the header (RFC 7617 for Basic, RFC 6750 for Bearer); schemes are written in any case. */
export function readAuthorization(header: string | undefined): Presented {
  if (header === undefined) return { scheme: "none" };
  const [, scheme = "", rest = ""] = /^ *([A-Za-z]+)(?: +|$)(.*)$/s.exec(header.slice(0, maxHeaderLength)) ?? [];
  const text = header.length > maxHeaderLength ? undefined : rest.trim();
  switch (scheme.toLowerCase()) {
    case "basic":
      return { scheme: "basic", login: text === undefined ? undefined : readBasic(text) };
    case "bearer":
      return { scheme: "bearer", token: text };
    default:
      return { scheme: "unknown" };
  }
}

/** A login within its bounds; undefined where it is longer. */
export function boundedLogin(username: string, password: string): Login | undefined {
  if (username.length > maxUsernameLength || password.length > maxHeaderLength) return undefined;
  return { username, password };
}

function readBasic(text: string): Login | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, "base64"));
  } catch {
    return undefined; // Not UTF-8: no user name of ours.
  }
  const colon = decoded.indexOf(":");
  return colon === -1 ? undefined : boundedLogin(decoded.slice(0, colon), decoded.slice(colon + 1));
}
