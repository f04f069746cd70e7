/**
 * A credential that a registry is shown. Never log one, and never put one into an error's message.
 * - `basic`: user name and password (or access token in its place).
 * - `identity`: a refresh token, `identitytoken` of a docker config; is exchanged for bearer tokens at the token server.
 * - `registry`: a bearer token as it is, `registrytoken` of a docker config.
 */
export type Credentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "identity"; readonly token: string }
  | { readonly kind: "registry"; readonly token: string };

/** One text for a credential, equal only for equal credentials. It is a secret. */
export function canonicalText(credentials: Credentials): string {
  return JSON.stringify(
    credentials.kind === "basic"
      ? ["basic", credentials.username, credentials.password]
      : [credentials.kind, credentials.token],
  );
}
