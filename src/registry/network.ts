import { RegistryError, type RegistryErrorCode } from "./error.ts";

interface Meaning {
  readonly code: RegistryErrorCode;
  readonly text: string;
}

const unreachable = (text: string): Meaning => ({ code: "UNREACHABLE", text });
const invalid: Meaning = { code: "INVALID", text: "its answer breaks the rules of HTTP" };
const tooLong: Meaning = {
  code: "TIMEOUT",
  text: "could not be connected to in time; is it up, and reachable from here?",
};
const closed: Meaning = { code: "CLOSED", text: "the registry client was closed" };

/** Codes of Node (`man 3 errno`, node:dns) and of undici. */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["ENOTFOUND", unreachable("its name does not resolve; check the spelling, or the cluster's DNS")],
  ["EAI_AGAIN", unreachable("its name does not resolve now; the DNS server did not answer")],
  ["ECONNREFUSED", unreachable("nothing listens there; is the registry up?")],
  ["ECONNRESET", unreachable("it closed the connection")],
  ["EPIPE", unreachable("it closed the connection")],
  ["UND_ERR_SOCKET", unreachable("it closed the connection")],
  ["EHOSTUNREACH", unreachable("there is no route to it")],
  ["ENETUNREACH", unreachable("there is no route to it")],
  ["EADDRNOTAVAIL", unreachable("no local address or port is free to connect from")],
  ["UND_ERR_CONNECT_TIMEOUT", tooLong],
  ["ETIMEDOUT", tooLong],
  ["UND_ERR_HEADERS_OVERFLOW", invalid],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", invalid],
  ["UND_ERR_CLOSED", closed],
  ["UND_ERR_DESTROYED", closed],
]);

const tlsText = "its certificate is not trusted here; add its authority, or allow the host as plain HTTP if it is so";

/** OpenSSL's verification results as Node names them, and Node's own TLS codes. */
const tlsCode =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|HOSTNAME_MISMATCH$|INVALID_CA$|EPROTO$)/;

/** A failure of the network below HTTP as a RegistryError; the original is its cause. */
export function networkError(error: unknown, name: string): RegistryError {
  if (error instanceof RegistryError) {
    // From the connection, which knows no request.
    return error.code === "REFUSED_HOST" ? new RegistryError(error.code, `${name}: ${error.message}`) : error;
  }
  const code = errorCode(error);
  const known = code === undefined ? undefined : meanings.get(code);
  if (known !== undefined) return new RegistryError(known.code, `${name}: ${known.text}`, { cause: error });
  if (code !== undefined && tlsCode.test(code)) {
    return new RegistryError("TLS", `${name}: ${tlsText} (${code})`, { cause: error });
  }
  if (code?.startsWith("HPE_")) return new RegistryError("INVALID", `${name}: ${invalid.text}`, { cause: error });
  return new RegistryError("UNREACHABLE", `${name}: could not be asked${code === undefined ? "" : ` (${code})`}`, {
    cause: error,
  });
}

/** Codes with which no connection was made: what no tenant of a registry can bring about. */
const unconnected: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether the failure is that of a connection that was never made. */
export function neverConnected(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && (unconnected.has(code) || tlsCode.test(code));
}

/** Whether the connection broke before any answer, as a kept one does when the server ends it. */
export function wasStale(error: unknown): boolean {
  const code = errorCode(error);
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code;
}
