import type { IncomingMessage, ServerResponse } from "node:http";
import { challenge } from "../identity/challenge.ts";
import { type IdentityRules, identify } from "../identity/identify.ts";
import { type Identity, maySee, type Refused as RefusedIdentity } from "../identity/identity.ts";
import { untilRevoked } from "../identity/revocation.ts";
import { answerTokenRequest, type TokenAnswer } from "../identity/token-request.ts";
import type { Logger } from "../telemetry/log.ts";
import { privateHeaders, Refusal } from "./answer.ts";
import { certificateOf } from "./client-certificate.ts";
import type { Doorkeeper, Guest, Refused } from "./doorkeeper.ts";

export interface DoorOptions {
  /** All that says who may ask, at this moment. */
  readonly rules: () => Omit<IdentityRules, "now">;
  /** URL of the token endpoint, as clients reach it: configured, and never from a request. */
  readonly realm: string;
  readonly now: () => Date;
  /** Called with the id of a credential each time that it lets somebody in. */
  readonly onUse?: (credential: string) => void;
  readonly log: Logger;
}

/** Whoever shows a certificate that nobody vouches for is not taken for nobody. */
const unverified: RefusedIdentity = { refused: "basic", expired: false, why: "malformed" };
/** Bytes of the form that asks for a token. */
const maxForm = 16 * 1024;

/** Lets in who has a machine credential, and gives tokens for it. */
export class Door implements Doorkeeper {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  admit({ headers, socket }: IncomingMessage, repository: string | undefined, machineType?: string): Guest | Refused {
    const certificate = certificateOf(socket);
    if (certificate?.verified === false) return this.#refused(unverified, repository);
    const found = identify(headers.authorization, repository, {
      ...this.#rules(),
      ...(certificate === undefined ? {} : { certificateNames: certificate.uris }),
      ...(machineType === undefined ? {} : { machineType }),
    });
    if (!("identity" in found)) return this.#refused(found, repository);
    this.#options.onUse?.(found.identity.credential);
    return this.#guestOf(found.identity);
  }

  async token(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { method, headers, socket } = request;
    if (method !== "GET" && method !== "POST") return false;
    const query = URL.parse(request.url ?? "", "http://registry")?.searchParams ?? new URLSearchParams();
    const form = method === "POST" ? { form: await readForm(request) } : {};
    const certificate = certificateOf(socket);
    const shown = certificate === undefined ? {} : { certificateNames: certificate.uris };
    const given =
      certificate?.verified === false
        ? unverified
        : answerTokenRequest({ query, ...form, ...shown, authorization: headers.authorization }, this.#rules());
    if (!("answer" in given)) {
      const { challenge: asked } = this.#refused(given, undefined);
      throw new Refusal(401, "UNAUTHORIZED", "these credentials are not known here", { "www-authenticate": asked });
    }
    this.#options.log.info({ credential: given.identity.credential }, "a token was given");
    sendToken(response, given.answer);
    return true;
  }

  #guestOf(identity: Identity): Guest {
    const { credential, repositories: _, ...view } = identity;
    const counts = untilRevoked(identity, this.#rules());
    return {
      name: credential,
      mayPull: (repository) => maySee(identity, repository),
      isStillOne: (repository) => counts(repository, this.#rules()),
      view,
    };
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
