import { isRecord } from "../json/object.ts";
import type { Credentials } from "./credentials.ts";
import { foldedMembers } from "./folded.ts";

/** An entry of `auths`, read: credentials, nothing (as where a helper keeps the secret), or what is wrong with it. */
export type ReadEntry =
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "empty" }
  | { readonly kind: "odd"; readonly why: string };

const fields = ["auth", "username", "password", "identitytoken", "registrytoken"] as const;
const empty: ReadEntry = { kind: "empty" };

/** Reads one entry; precedence as docker's own. Nothing of an odd one is repeated. */
export function readEntry(entry: unknown): ReadEntry {
  if (entry === null) return empty;
  if (!isRecord(entry)) return odd("it is no object");
  const members = foldedMembers(entry);
  const texts = new Map<(typeof fields)[number], string>();
  for (const name of fields) {
    const value = members.get(name) ?? "";
    if (typeof value !== "string") return odd(`its ${name} is no text`);
    texts.set(name, value);
  }
  const { auth, username = "", password = "", identitytoken, registrytoken } = Object.fromEntries(texts);
  if (registrytoken) return given({ kind: "registry", token: registrytoken });
  if (identitytoken) return given({ kind: "identity", token: identitytoken });
  if (auth) return readAuth(auth);
  if (username === "" && password === "") return empty;
  // RFC 7617, section 2: a colon would end the user name early, and make its rest part of the password.
  if (username.includes(":")) return odd("its user name holds a colon");
  return given({ kind: "basic", username, password });
}

function readAuth(auth: string): ReadEntry {
  const decoded = Buffer.from(auth, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 1) return odd("its auth is not the base64 of user:password");
  // Old docker clients padded with zero bytes; docker trims them too.
  const password = decoded.slice(colon + 1).replace(/^\0+|\0+$/g, "");
  return given({ kind: "basic", username: decoded.slice(0, colon), password });
}

function given(credentials: Credentials): ReadEntry {
  return { kind: "credentials", credentials };
}

function odd(why: string): ReadEntry {
  return { kind: "odd", why };
}
