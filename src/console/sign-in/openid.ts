import { createHmac, randomBytes } from "node:crypto";
import * as oidc from "openid-client";
import { Agent, fetch as undiciFetch } from "undici";
import type { Clock } from "../../time/clock.ts";
import { openidSeconds } from "../http/cookies.ts";
import { SignInError } from "./error.ts";

export interface OpenIdOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** Absent: a public client, which proves itself by PKCE alone. */
  readonly clientSecret: string | undefined;
  /** `openid` is always among them. */
  readonly scopes: readonly string[];
  /** PEM: authorities of the issuer; absent: those of this machine. */
  readonly ca: string | undefined;
  readonly externalUrl: URL;
  readonly clock: Clock;
}

/** The token that is sent on to the API server, and what brings the next one. */
export interface IdToken {
  readonly idToken: string;
  readonly refreshToken: string | undefined;
  /** When the token ends, wall time. */
  readonly ends: Date;
}

/** Where the browser goes, and what its cookie keeps meanwhile. */
export interface Started {
  readonly url: URL;
  readonly cookie: string;
}

/** The path that the provider sends the browser back to. */
export const callbackPath = "/openid/callback";
/** Longest time for an answer of the provider, seconds. */
const answerSeconds = 10;
/** Bytes of one: tokens, keys and metadata. */
const longestAnswer = 1_048_576;

/**
 * Signs people in by OpenID Connect: authorization code with PKCE, state and nonce. The three are made by a key of this
 * process from a random text in the browser's cookie: a sign-in under way takes no memory here, and only the browser that
 * began it can end it.
 */
export class OpenId {
  readonly #options: OpenIdOptions;
  readonly #key = randomBytes(32);
  readonly #agent: Agent;
  #configuration: Promise<oidc.Configuration> | undefined;

  constructor(options: OpenIdOptions) {
    this.#options = options;
    const { ca } = options;
    this.#agent = new Agent({
      connect: ca === undefined ? {} : { ca },
      connections: 16,
      maxResponseSize: longestAnswer,
    });
  }

  /** Begins a sign-in. @throws SignInError PROVIDER */
  async start(): Promise<Started> {
    const configuration = await this.#discovered();
    const cookie = `${Math.floor(this.#options.clock.wall().getTime() / 1_000)}.${randomBytes(32).toString("base64url")}`;
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: this.#scope,
      state: this.#made("state", cookie),
      nonce: this.#made("nonce", cookie),
      code_challenge: await oidc.calculatePKCECodeChallenge(this.#made("verifier", cookie)),
      code_challenge_method: "S256",
    });
    return { url, cookie };
  }

  /**
   * Ends a sign-in with the query that the provider sent the browser back with.
   * @throws SignInError REFUSED where it is not of this browser, too late or not as promised; PROVIDER where no answer is
   */
  async finish(query: string, cookie: string): Promise<IdToken> {
    const began = Number(/^(\d{1,12})\.[\w-]{43}$/.exec(cookie)?.[1]) * 1_000;
    const age = this.#options.clock.wall().getTime() - began;
    if (!(age >= -1_000 && age <= openidSeconds * 1_000)) throw new SignInError("REFUSED", "the sign-in took too long");
    const configuration = await this.#discovered();
    // Made of the address that is ours, never of what the request says that it is.
    const url = new URL(this.#redirectUri);
    url.search = query;
    const tokens = await asked(() =>
      oidc.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: this.#made("verifier", cookie),
        expectedState: this.#made("state", cookie),
        expectedNonce: this.#made("nonce", cookie),
        idTokenExpected: true,
      }),
    );
    return idTokenOf(tokens);
  }

  /** A new token. @throws SignInError REFUSED where the provider gives none any more; PROVIDER */
  async refresh(refreshToken: string): Promise<IdToken> {
    const configuration = await this.#discovered();
    const tokens = await asked(() => oidc.refreshTokenGrant(configuration, refreshToken));
    const next = idTokenOf(tokens);
    return { ...next, refreshToken: next.refreshToken ?? refreshToken };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  get #redirectUri(): string {
    return new URL(callbackPath, this.#options.externalUrl).href;
  }

  get #scope(): string {
    return [...new Set(["openid", ...this.#options.scopes])].join(" ");
  }

  /** 43 characters: as long as a PKCE verifier has to be (RFC 7636, 4.1). */
  #made(what: "state" | "nonce" | "verifier", cookie: string): string {
    return createHmac("sha256", this.#key).update(`${what} ${cookie}`).digest("base64url");
  }

  /** The provider is asked at the first sign-in, and again until it answers: it may start after the console. */
  async #discovered(): Promise<oidc.Configuration> {
    this.#configuration ??= this.#discover();
    try {
      return await this.#configuration;
    } catch (error) {
      this.#configuration = undefined;
      throw error;
    }
  }

  #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
    return asked(() =>
      oidc.discovery(issuer, clientId, undefined, authentication, {
        timeout: answerSeconds,
        [oidc.customFetch]: (url, { body, method, headers, redirect, signal }) =>
          this.#fetch(url, { body, method, headers, redirect, signal }),
      }),
    );
  }

  /** With the authorities of the flag. The types of undici's own fetch and of Node's differ, and their values do not. */
  async #fetch(url: string, options: object): Promise<Response> {
    const response = await undiciFetch(url, { ...options, dispatcher: this.#agent });
    return new Response(response.status === 204 ? null : await response.arrayBuffer(), {
      status: response.status,
      headers: [...response.headers],
    });
  }
}

function idTokenOf(tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers): IdToken {
  const { id_token: idToken, refresh_token: refreshToken } = tokens;
  const ends = tokens.claims()?.exp;
  if (idToken === undefined || ends === undefined) {
    throw new SignInError("REFUSED", "the provider gave no ID token");
  }
  return { idToken, refreshToken, ends: new Date(ends * 1_000) };
}

/** The library's errors in two kinds: the provider, or the browser with its query, said no; or it gave no usable answer. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const refused =
      cause instanceof oidc.AuthorizationResponseError ||
      (cause instanceof oidc.ResponseBodyError && cause.status < 500) ||
      (cause instanceof oidc.ClientError && /^OAUTH_(INVALID_RESPONSE|JWT_)/.test(cause.code ?? ""));
    throw new SignInError(
      refused ? "REFUSED" : "PROVIDER",
      refused ? "the provider did not confirm this sign-in" : "the OpenID provider does not answer as it should",
      { cause },
    );
  }
}
