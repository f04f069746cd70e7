import type { Credentials } from "../credentials/credentials.ts";
import type { Accounts } from "./account.ts";
import { byteCache, ownText } from "./byte-cache.ts";
import { type Challenge, readChallenge } from "./challenge.ts";
import type { AnswerHead, HttpRequest, HttpResponse, HttpStream } from "./message.ts";
import { basic, type Tokens } from "./tokens.ts";
import type { Transport } from "./transport.ts";

export interface AuthorizedRequest extends Omit<HttpRequest, "account" | "reach"> {
  readonly credentials: Credentials | undefined;
  /** The rights that are needed, as distribution writes them: `repository:team/app:pull`. */
  readonly scopes: readonly string[];
  /** The registry that sent us to this other host, where an upload continues: no credentials are shown there. */
  readonly sentBy?: URL | undefined;
}

/** Bytes for registries' kinds of challenge, which save the round trip of the first 401. */
const maxBytes = 1024 * 1024;

/** Shows credentials to registries: nothing until asked, then Basic or a bearer token, as the registry wants. */
export class Authorizer {
  readonly #transport: Transport;
  readonly #accounts: Accounts;
  readonly #tokens: Tokens;
  /**
   * By origin and account: a registry may serve its public repositories without any challenge, and its token server
   * refuse those who come without credentials.
   */
  readonly #challenges = byteCache<Challenge>(maxBytes, sizeOf);

  constructor(transport: Transport, accounts: Accounts, tokens: Tokens) {
    this.#transport = transport;
    this.#accounts = accounts;
    this.#tokens = tokens;
  }

  /** As Transport.send; a 401 is answered once. A second 401 is returned as it is. @throws RegistryError */
  async send(request: AuthorizedRequest): Promise<HttpResponse> {
    return await this.#answered(request, (shown) => this.#transport.send(shown));
  }

  /** As Transport.open, with the same rule for a 401. */
  async open(request: AuthorizedRequest): Promise<HttpResponse | HttpStream> {
    return await this.#answered(request, (shown) => this.#transport.open(shown));
  }

  async #answered<T extends AnswerHead>(
    request: AuthorizedRequest,
    send: (request: HttpRequest) => Promise<T>,
  ): Promise<T> {
    const account = this.#accounts.name(request.credentials);
    if (request.sentBy !== undefined) {
      return await send({ ...request, account, reach: this.#transport.reachFrom(request.sentBy) });
    }
    const key = `${request.url.origin} ${account}`;
    const known = this.#challenges.get(key);
    let shown: string | undefined;
    if (request.credentials?.kind === "registry") shown = `Bearer ${request.credentials.token}`;
    else if (known !== undefined) shown = await this.#answerKnown(key, known, request, account);
    const response = await this.#sendOn(request, withHeader(request, account, shown), send);
    if (response.status !== 401 || response.url.origin !== request.url.origin) return response;
    const challenge = readChallenge(response.header("www-authenticate"));
    if (challenge === undefined || request.credentials?.kind === "registry") return response;
    const answer = await this.#answer(challenge, request, account, shown);
    if (answer === undefined || answer === shown) return response;
    const second = await this.#sendOn(request, withHeader(request, account, answer), send);
    if (second.status !== 401) this.#remember(key, challenge);
    return second;
  }

  async #sendOn<T extends AnswerHead>(
    request: AuthorizedRequest,
    shown: HttpRequest,
    send: (request: HttpRequest) => Promise<T>,
  ): Promise<T> {
    const response = await send(shown);
    const isElsewhere = response.url.origin !== request.url.origin;
    return response.status === 401 && isElsewhere ? await this.#elsewhere(response, request, send) : response;
  }

  /**
   * A redirect led to a registry that wants a token of its own, as behind lscr.io and other front doors. One is bought
   * there without credentials: those were given for another origin. Storage with another challenge gets nothing.
   */
  async #elsewhere<T extends AnswerHead>(
    response: T,
    request: AuthorizedRequest,
    send: (request: HttpRequest) => Promise<T>,
  ): Promise<T> {
    const challenge = readChallenge(response.header("www-authenticate"));
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (challenge?.scheme !== "bearer" || !isRead) return response;
    const { url } = response;
    const { repository, tenant, signal } = request;
    const account = this.#accounts.name(undefined);
    const reach = this.#transport.reachFrom(request.url);
    const scopes = challenge.scopes.length === 0 ? request.scopes : challenge.scopes;
    const common = { account, repository, tenant, signal, reach };
    const token = await this.#tokens.get({
      ...common,
      asker: url,
      challenge,
      scopes,
      credentials: undefined,
      refused: undefined,
    });
    return await send({
      ...request,
      ...common,
      url,
      headers: { ...request.headers, authorization: `Bearer ${token}` },
    });
  }

  async #answerKnown(
    key: string,
    challenge: Challenge,
    request: AuthorizedRequest,
    account: string,
  ): Promise<string | undefined> {
    try {
      return await this.#answer(challenge, request, account, undefined);
    } catch (error) {
      // The registry may have moved its token server: the next request begins without what we remember.
      if (!request.signal.aborted) this.#challenges.delete(key);
      throw error;
    }
  }

  async #answer(
    challenge: Challenge,
    request: AuthorizedRequest,
    account: string,
    shown: string | undefined,
  ): Promise<string | undefined> {
    const { credentials, url, signal, repository, tenant } = request;
    if (challenge.scheme === "basic") return credentials?.kind === "basic" ? basic(credentials) : undefined;
    // The challenge's own scope counts too: a registry may know the repository under another name (virtual ones do).
    const scopes = [...new Set([...request.scopes, ...challenge.scopes.filter((scope) => !covered(scope, request))])];
    const refused = shown?.startsWith("Bearer ") === true ? shown.slice("Bearer ".length) : undefined;
    const token = await this.#tokens.get({
      asker: url,
      challenge,
      scopes,
      credentials,
      account,
      repository,
      tenant,
      signal,
      refused,
    });
    return `Bearer ${token}`;
  }

  /** Without the scopes: they are one repository's. */
  #remember(key: string, challenge: Challenge): void {
    if (challenge.scheme === "basic") this.#challenges.set(key, challenge);
    else {
      const { realm, service } = challenge;
      const own = { realm: ownText(realm), service: service && ownText(service), scopes: [] };
      this.#challenges.set(key, { scheme: "bearer", ...own });
    }
  }
}

/** Bytes of what the registry wrote into it. */
function sizeOf(challenge: Challenge): number {
  return challenge.scheme === "basic" ? 0 : challenge.realm.length + (challenge.service?.length ?? 0);
}

/** Whether the request asks for all of this scope by itself. */
function covered(scope: string, request: AuthorizedRequest): boolean {
  const at = scope.lastIndexOf(":");
  const actions = scope.slice(at + 1).split(",");
  return request.scopes.some((own) => {
    const end = own.lastIndexOf(":");
    const granted = own.slice(end + 1).split(",");
    return own.slice(0, end) === scope.slice(0, at) && actions.every((action) => granted.includes(action));
  });
}

function withHeader(request: AuthorizedRequest, account: string, authorization: string | undefined): HttpRequest {
  const headers = authorization === undefined ? request.headers : { ...request.headers, authorization };
  return { ...request, account, headers };
}
