import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Answer } from "./faults.ts";

/** Who may do what. */
export interface RegistryAuth {
  readonly scheme: "basic" | "bearer";
  /** Password by user name. */
  readonly users: Readonly<Record<string, string>>;
  /** With `bearer`: refresh tokens that buy bearer tokens, as `identitytoken` of a docker config does. */
  readonly identityTokens?: readonly string[];
  /** Nobody needs credentials to pull. */
  readonly anonymousPull?: boolean;
  /** The token server that the challenge names; this registry's own if absent. */
  readonly realm?: string;
  /** Seconds that a bearer token lives; 60 if absent. */
  readonly tokenLife?: number;
}

interface Grant {
  readonly scopes: readonly string[];
  readonly expires: number;
}

const maxTokens = 10_000;

/** Checks credentials and issues bearer tokens, as distribution's "token authentication" has it. */
export class Guard {
  readonly #auth: RegistryAuth;
  readonly #grants = new Map<string, Grant>();

  constructor(auth: RegistryAuth) {
    this.#auth = auth;
  }

  /** The 401 that the request gets, or undefined where it may go on. `origin` is this registry's own. */
  check(request: IncomingMessage, repository: string | undefined, action: string, origin: string): Answer | undefined {
    const shown = request.headers.authorization ?? "";
    if (this.#auth.scheme === "basic") {
      if (this.#knows(shown) || (this.#auth.anonymousPull === true && action === "pull")) return undefined;
      return unauthorized('Basic realm="registry"');
    }
    const scope = repository === undefined ? undefined : `repository:${repository}:${action}`;
    const grant = this.#grants.get(shown.replace(/^Bearer /, ""));
    if (grant !== undefined && grant.expires > Date.now() && (scope === undefined || covers(grant.scopes, scope))) {
      return undefined;
    }
    const realm = this.#auth.realm ?? `${origin}/token`;
    return unauthorized(`Bearer realm="${realm}",service="test"${scope === undefined ? "" : `,scope="${scope}"`}`);
  }

  /** The token server: GET with Basic or without, POST with a refresh token. */
  token(request: IncomingMessage, query: URLSearchParams, body: Uint8Array): Answer {
    const form = new URLSearchParams(Buffer.from(body).toString("utf8"));
    const shown = request.headers.authorization;
    const refresh = form.get("refresh_token");
    const trusted = refresh === null ? this.#knows(shown ?? "") : this.#auth.identityTokens?.includes(refresh) === true;
    if (!trusted && (shown !== undefined || refresh !== null)) return unauthorized('Basic realm="token"');
    const wanted = [...query.getAll("scope"), ...(form.get("scope") ?? "").split(" ")].filter((scope) => scope !== "");
    const scopes = trusted ? wanted : this.#auth.anonymousPull === true ? wanted.map(pullOnly) : [];
    const token = randomUUID();
    const life = this.#auth.tokenLife ?? 60;
    if (this.#grants.size >= maxTokens) this.#grants.clear();
    this.#grants.set(token, { scopes, expires: Date.now() + life * 1000 });
    return json(200, { token, access_token: token, expires_in: life });
  }

  #knows(authorization: string): boolean {
    const text = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString("utf8");
    const colon = text.indexOf(":");
    return colon > 0 && this.#auth.users[text.slice(0, colon)] === text.slice(colon + 1);
  }
}

function covers(granted: readonly string[], scope: string): boolean {
  const [, name, action] = scope.split(":");
  return granted.some((text) => {
    const [, grantedName, actions = ""] = text.split(":");
    return grantedName === name && action !== undefined && actions.split(",").includes(action);
  });
}

function pullOnly(scope: string): string {
  return scope.replace(/:[^:]*$/, ":pull");
}

function unauthorized(challenge: string): Answer {
  const answer = json(401, { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] });
  return { ...answer, headers: { ...answer.headers, "www-authenticate": challenge } };
}

export function json(status: number, document: unknown): Answer {
  const body = Buffer.from(JSON.stringify(document));
  return { status, headers: { "content-type": "application/json", "content-length": String(body.length) }, body };
}
