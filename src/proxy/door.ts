import type { IncomingMessage, ServerResponse } from "node:http";
import { challenge } from "../identity/challenge.ts";
import { type IdentityRules, identify } from "../identity/identify.ts";
import { type Identity, maySee, type Refused as RefusedIdentity } from "../identity/identity.ts";
import { answerTokenRequest, type TokenAnswer } from "../identity/token-request.ts";
import type { Logger } from "../telemetry/log.ts";
import { privateHeaders, Refusal } from "./answer.ts";
import type { Doorkeeper, Guest, Refused } from "./doorkeeper.ts";

export interface DoorOptions {
  /** All that says who may ask, at this moment. */
  readonly rules: () => Omit<IdentityRules, "now">;
  /** URL of the token endpoint, as clients reach it: configured, and never from a request. */
  readonly realm: string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Bytes of the form that asks for a token. */
const maxForm = 16 * 1024;

/** Lets in who has a machine credential, and gives tokens for it. */
export class Door implements Doorkeeper {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  admit({ headers }: IncomingMessage, repository: string | undefined): Guest | Refused {
    const found = identify(headers.authorization, repository, this.#rules());
    if (!("identity" in found)) return this.#refused(found, repository);
    const guest = guestOf(found.identity);
    return guest ?? this.#refused({ refused: "basic", expired: false, why: "not-allowed" }, repository);
  }

  async token(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { method, headers } = request;
    if (method !== "GET" && method !== "POST") return false;
    const query = URL.parse(request.url ?? "", "http://registry")?.searchParams ?? new URLSearchParams();
    const form = method === "POST" ? { form: await readForm(request) } : {};
    const given = answerTokenRequest({ query, ...form, authorization: headers.authorization }, this.#rules());
    if (!("answer" in given)) {
      const { challenge: asked } = this.#refused(given, undefined);
      throw new Refusal(401, "UNAUTHORIZED", "these credentials are not known here", { "www-authenticate": asked });
    }
    this.#options.log.info({ credential: given.identity.credential }, "a token was given");
    sendToken(response, given.answer);
    return true;
  }

  #rules(): IdentityRules {
    return { ...this.#options.rules(), now: this.#options.now() };
  }

  #refused(refused: RefusedIdentity, repository: string | undefined): Refused {
    const { realm, log } = this.#options;
    const { why, credential } = refused;
    if (why !== "no-credentials") log.info({ why, ...(credential === undefined ? {} : { credential }) }, "refused");
    return { challenge: challenge(refused, { realm, service: this.#options.rules().audience, repository }) };
  }
}

/** Undefined for who is known and sees nothing here. */
function guestOf(identity: Identity): Guest | undefined {
  const shared = { name: identity.credential, mayPull: (repository: string) => maySee(identity, repository) };
  switch (identity.kind) {
    case "machineType":
      return { ...shared, view: { kind: "machineType", name: identity.name } };
    case "unfiltered":
      return { ...shared, view: { kind: "unfiltered" } };
    default:
      return undefined;
  }
}

/** @throws Refusal where it is too long */
async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > maxForm) throw new Refusal(413, "UNSUPPORTED", "the form that asks for a token is too long");
    pieces.push(piece);
  }
  return new URLSearchParams(Buffer.concat(pieces).toString("utf8"));
}

function sendToken(response: ServerResponse, answer: TokenAnswer): void {
  const body = JSON.stringify(answer);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  response.writeHead(200, { ...privateHeaders, ...headers }).end(body);
}
