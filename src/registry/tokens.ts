import type { Credentials } from "../credentials/credentials.ts";
import { byteCache } from "./byte-cache.ts";
import type { Challenge } from "./challenge.ts";
import type { Reach } from "./connect.ts";
import { RegistryError, statusError } from "./error.ts";
import { Flights } from "./flight.ts";
import { flightKey, type Tenant } from "./tenant.ts";
import type { Transport } from "./transport.ts";

export interface TokenRequest {
  /** The registry's URL that challenged. */
  readonly asker: URL;
  readonly challenge: Extract<Challenge, { scheme: "bearer" }>;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  readonly account: string;
  readonly repository?: string | undefined;
  readonly tenant?: Tenant | undefined;
  readonly signal: AbortSignal;
  /** How the registry was come to, where another one sent us there; its token server is reached no further. */
  readonly reach?: Reach | undefined;
  /** A token that the registry just refused: it is not taken from the cache again. */
  readonly refused: string | undefined;
}

interface Token {
  readonly value: string;
  readonly expires: number;
}

/** Bytes for tokens; some KiB each. */
const maxBytes = 4 * 1024 * 1024;
/** Tokens are JSON Web Tokens of a few KiB; registries refuse long headers long before this. */
const maxAnswerBytes = 64 * 1024;
/** "If omitted, this defaults to 60 seconds" (distribution, spec/auth/token). */
const defaultLifeS = 60;
/**
 * Milliseconds for which a token is shown, however long it claims to live: with the time for which a tag's digest is
 * believed, a right that was taken away ends within a minute.
 */
const maxUseMs = 30_000;
/** Renewed before its end, for the clocks' difference and the request's own time. */
const earlyMs = 10_000;

/** Bearer tokens from registries' token servers, kept until they expire. */
export class Tokens {
  readonly #transport: Transport;
  readonly #plainHttp: (host: string) => boolean;
  readonly #now: () => number;
  readonly #tokens = byteCache<Token>(maxBytes, ({ value }) => value.length);
  readonly #flights = new Flights<string>();

  constructor(transport: Transport, plainHttp: (host: string) => boolean, now: () => number) {
    this.#transport = transport;
    this.#plainHttp = plainHttp;
    this.#now = now;
  }

  /** @throws RegistryError */
  async get(request: TokenRequest): Promise<string> {
    const { challenge, scopes, account, asker, refused } = request;
    // The asker is part of the key: what one registry's challenge bought is never shown to another.
    const key = JSON.stringify([asker.origin, challenge.realm, challenge.service, [...scopes].sort(), account]);
    const known = this.#tokens.get(key);
    if (known !== undefined && known.value !== refused && known.expires > this.#now()) return known.value;
    return await this.#flights.join(flightKey(key, request.tenant), request.signal, async (signal) => {
      const token = await this.#fetch({ ...request, signal });
      this.#tokens.set(key, token);
      return token.value;
    });
  }

  async #fetch(request: TokenRequest): Promise<Token> {
    const { asker, challenge, credentials, account, repository, tenant, signal, scopes } = request;
    const realm = checkRealm(challenge.realm, asker, this.#plainHttp);
    const fields: [string, string][] = scopes.map((scope) => ["scope", scope]);
    if (challenge.service !== undefined) fields.unshift(["service", challenge.service]);
    const common = {
      account,
      repository,
      tenant,
      signal,
      name: nameOf(asker),
      maxBytes: maxAnswerBytes,
      // A token server that sends us on would have us show the credentials to somebody whom nobody named.
      redirects: "refuse",
      reach: request.reach ?? (realm.origin === asker.origin ? "direct" : this.#transport.reachFrom(asker)),
    } as const;
    if (credentials?.kind === "identity") {
      // OAuth 2, RFC 6749 section 6, as in distribution's spec/auth/oauth. Scopes are joined there, not repeated.
      const form = new URLSearchParams([
        ["grant_type", "refresh_token"],
        ["client_id", "metahub"],
        ...fields.filter(([name]) => name !== "scope"),
        ["scope", scopes.join(" ")],
        ["refresh_token", credentials.token],
      ]);
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const body = Buffer.from(form.toString());
      const request = { method: "POST", url: realm, headers, body, repeatable: true, ...common } as const;
      return this.#read(await this.#transport.send(request), asker);
    }
    for (const [name, value] of fields) realm.searchParams.append(name, value);
    const headers = credentials?.kind === "basic" ? { authorization: basic(credentials) } : {};
    return this.#read(await this.#transport.send({ method: "GET", url: realm, headers, ...common }), asker);
  }

  #read(response: Awaited<ReturnType<Transport["send"]>>, asker: URL): Token {
    const what = nameOf(asker);
    if (response.status !== 200) throw statusError(what, response);
    const answer = parseAnswer(response.body);
    if (answer === undefined) throw new RegistryError("INVALID", `${what}: its answer holds no token`);
    const lifeMs = (answer.expiresIn ?? defaultLifeS) * 1000;
    return { value: answer.token, expires: this.#now() + Math.min(Math.max(lifeMs - earlyMs, lifeMs / 2), maxUseMs) };
  }
}

/** The value of an `Authorization` header, RFC 7617. */
export function basic({ username, password }: Extract<Credentials, { kind: "basic" }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/**
 * The token server's URL. HTTPS, since credentials are sent there; plain HTTP only where the operator allowed it for
 * that host and the registry itself is spoken to in plain HTTP: an HTTPS registry cannot have them sent in the clear.
 * @throws RegistryError INVALID, REFUSED_HOST
 */
export function checkRealm(realm: string, asker: URL, plainHttp: (host: string) => boolean): URL {
  const what = nameOf(asker);
  if (realm.length > 2048 || !URL.canParse(realm)) throw new RegistryError("INVALID", `${what}: its address is no URL`);
  const url = new URL(realm);
  if (url.username !== "" || url.password !== "")
    throw new RegistryError("INVALID", `${what}: its address holds credentials`);
  if (url.protocol === "https:") return url;
  if (url.protocol === "http:" && asker.protocol === "http:" && plainHttp(url.host)) return url;
  throw new RegistryError("REFUSED_HOST", `${what}: is not asked, since it would get credentials without HTTPS`);
}

/** The registry chose the token server's address: it is not repeated. */
function nameOf(asker: URL): string {
  return `token server of ${asker.host}`;
}

interface TokenAnswer {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number | undefined;
}

function parseAnswer(body: Uint8Array): TokenAnswer | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const field = (name: string): unknown => Object.getOwnPropertyDescriptor(json, name)?.value;
  // Both names are in use; "token" is the one for compatibility (spec/auth/token, "Token Response Fields").
  const token = field("token") || field("access_token");
  // Only what may stand in a header: RFC 6750, section 2.1, and a little beyond, without spaces and controls.
  if (typeof token !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(token)) return undefined;
  const life = field("expires_in");
  return { token, expiresIn: typeof life === "number" && life > 0 ? life : undefined };
}
