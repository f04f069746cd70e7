import type { IncomingMessage, ServerResponse } from "node:http";
import type { CredentialSource } from "../credentials/keyring.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { RegistryError } from "../registry/error.ts";
import type { Asker } from "../registry/with-credentials.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { type ErrorCode, notThere, privateHeaders, Refusal, refusalOf, sendRefusal } from "./answer.ts";
import { sendBlob } from "./blobs.ts";
import { hasAlready } from "./conditions.ts";
import { type Doorkeeper, type Guest, isGuest } from "./doorkeeper.ts";
import { ProxyError } from "./error.ts";
import { sendFromWhereItIs } from "./listed-blobs.ts";
import type { ListedNames } from "./listed-names.ts";
import { type AskedListing, sendListing, sendNoReferrers } from "./listings.ts";
import type { AnsweredManifest, Manifests } from "./manifests.ts";
import type { ProxyMetrics, PullKind } from "./metrics.ts";
import { type Asked, type NamedRepository, readMachine, readPath, readTarget } from "./names.ts";
import { paceOf, sendWhole } from "./pour.ts";
import { Reviews } from "./reviews.ts";
import type { ProxySettings } from "./settings.ts";
import { UnderWay } from "./under-way.ts";
import { maySendTo, type Place } from "./upstreams.ts";

export interface PullApiOptions {
  readonly door: Doorkeeper;
  readonly settings: () => ProxySettings;
  readonly client: RegistryClient;
  /** The upstreams' credentials, which clients never see. */
  readonly keyring: CredentialSource;
  readonly manifests: Manifests;
  readonly lists: ListedNames;
  readonly metrics: ProxyMetrics;
  readonly log: Logger;
  readonly clock?: Clock;
  /** As clients reach it, without a port: nobody is sent there, or below. */
  readonly ownHost: string;
  /** Told of the bytes of blobs that pass, piece by piece. */
  readonly onPassed?: (bytes: number) => void;
}

interface Pull {
  readonly guest: Guest;
  readonly request: IncomingMessage;
  /** With its tag. */
  readonly image: string;
}

interface Admitted {
  readonly guest: Guest;
  readonly place: Place;
  readonly query: URLSearchParams;
}

/** Longest time for an answer but for a blob, ms. */
const answerMs = 60_000;
/** Answers of an upstream that are about this registry, and look like "not there" to its clients. */
const refused: ReadonlySet<string> = new Set(["UNAUTHORIZED", "DENIED", "REFUSED_HOST"]);
/** The pull half of distribution-spec v1.1, with each guest's own view of it. */
export class PullApi {
  readonly #options: PullApiOptions;
  readonly #clock: Clock;
  readonly #underWay: UnderWay;
  readonly #reviews: Reviews;

  constructor(options: PullApiOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#underWay = new UnderWay(() => options.settings().limits.requestsPerCredential);
    this.#reviews = new Reviews(this.#clock);
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    const { path, query } = readTarget(request.url ?? "/");
    const asked = readPath(path);
    let kind: PullKind = asked?.kind ?? "other";
    try {
      if (path === "/token") {
        kind = "token";
        if (await this.#options.door.token(request, response)) return;
      }
      if (request.method !== "GET" && request.method !== "HEAD") {
        throw new Refusal(405, "UNSUPPORTED", "this registry is to read from", { allow: "GET, HEAD" });
      }
      if (asked === undefined) throw notThere("NAME_UNKNOWN");
      await this.#admitted(asked, query, request, response);
    } catch (error) {
      this.#fail(error, asked, response);
    } finally {
      this.#options.metrics.answered(kind, response.statusCode, (performance.now() - began) / 1_000);
    }
  }

  async #admitted(
    asked: Asked,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const named = asked.kind === "ping" ? undefined : asked.repository;
    const { machinePaths, upstreams } = this.#options.settings();
    const read: Partial<NamedRepository> | undefined =
      machinePaths && named !== undefined ? readMachine(named) : named === undefined ? {} : { repository: named };
    const guest = this.#options.door.admit(request, named, read?.machineType);
    if (!isGuest(guest)) {
      throw new Refusal(401, "UNAUTHORIZED", "log in to this registry", { "www-authenticate": guest.challenge });
    }
    if (asked.kind === "ping") {
      response.writeHead(200, { ...privateHeaders, "content-type": "application/json" }).end("{}");
      return;
    }
    const place =
      read?.repository === undefined ? undefined : upstreams.place(read.repository, query.get("ns") ?? undefined);
    if (place === undefined || !guest.mayPull(place.canonical)) {
      if (asked.kind !== "referrers") throw notThere(missingOf(asked));
      await sendNoReferrers(query, response, this.#clock);
      return;
    }
    const leave = this.#underWay.enter(guest.name);
    const endReview = this.#reviews.add(
      () => guest.isStillOne(place.canonical),
      () => {
        this.#options.log.info({ credential: guest.name, kind: asked.kind }, "ended: these credentials count no more");
        response.destroy();
      },
    );
    try {
      await this.#answer(asked, { guest, place, query }, request, response);
    } finally {
      endReview();
      leave();
    }
  }

  async #answer(
    asked: Exclude<Asked, { kind: "ping" }>,
    { guest, place: { reference: place }, query }: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const left = new AbortController();
    response.once("close", () => left.abort(new RegistryError("ABORTED", "the client has gone")));
    if (asked.kind === "blob") {
      const asker = { keyring: this.#options.keyring, signal: left.signal, tenant: tenantOf(guest, left.signal) };
      const { client, lists, ownHost, settings, onPassed = () => undefined } = this.#options;
      const { digest } = asked;
      const pace = paceOf(settings().limits);
      const toElsewhere = (target: URL): boolean => maySendTo(target.hostname, ownHost);
      const send = async (from: Place["reference"]): Promise<void> => {
        const maySend = settings().upstreams.redirectsBlobs(from.registry) ? toElsewhere : undefined;
        const blob = { reference: from, digest, asker, clock: this.#clock, maySend, pace, onPassed };
        await sendBlob(client, blob, request, response);
      };
      const hasBegun = (): boolean => response.headersSent;
      await sendFromWhereItIs(lists, { place, digest, asker, clock: this.#clock, send, hasBegun });
      return;
    }
    const deadline = new Deadline(this.#clock, left.signal, "the answer", answerMs);
    const { signal } = deadline;
    const asker: Asker = { keyring: this.#options.keyring, signal, tenant: tenantOf(guest, signal) };
    try {
      if (asked.kind === "manifest") await this.#manifest(asked, guest, place, asker, request, response);
      else {
        const listedTags = this.#options.lists.tags(place);
        await this.#listing({ asked, place, query, listedTags, asker, clock: this.#clock }, response);
      }
    } finally {
      deadline.end();
    }
  }

  async #manifest(
    asked: Asked & { readonly kind: "manifest" },
    guest: Guest,
    place: Place["reference"],
    asker: Asker,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const reference: Reference = "tag" in asked ? { ...place, tag: asked.tag } : { ...place, digest: asked.digest };
    const found = await this.#options.manifests.find(reference, guest.view, asker);
    const { digest, mediaType, size } = found.descriptor;
    const etag = `"${digest}"`;
    this.#pulled(found, { guest, request, image: `${place.name}${"tag" in asked ? `:${asked.tag}` : ""}` });
    if (hasAlready(request.headers["if-none-match"], etag)) {
      response.writeHead(304, { ...privateHeaders, etag });
      await sendWhole(response, undefined, this.#clock);
      return;
    }
    const bytes = request.method === "HEAD" ? undefined : await found.bytes();
    response.writeHead(200, {
      ...privateHeaders,
      "content-type": mediaType,
      "content-length": bytes?.length ?? size,
      "docker-content-digest": digest,
      etag,
      ...(found.index === undefined ? {} : { "metahub-index": found.index }),
      ...(found.reason === undefined ? {} : { "metahub-reason": found.reason }),
    });
    await sendWhole(response, bytes, this.#clock);
  }

  #pulled({ descriptor, reason }: AnsweredManifest, { guest, request, image }: Pull): void {
    const { view, name } = guest;
    this.#options.log.info(
      {
        credential: name,
        ...(view.kind === "machineType" ? { machineType: view.name } : {}),
        ...(view.kind === "features" ? { features: view.features } : {}),
        image,
        build: descriptor.digest,
        ...(reason === undefined ? {} : { reason }),
        method: request.method,
      },
      "pulled",
    );
  }

  async #listing(listing: AskedListing, response: ServerResponse): Promise<void> {
    const { asked, query } = listing;
    try {
      await sendListing(this.#options.client, listing, response);
    } catch (error) {
      const hidden = error instanceof RegistryError && (error.code === "NOT_FOUND" || refused.has(error.code));
      if (asked.kind !== "referrers" || !hidden) throw error;
      this.#tell(error, refusalOf(error, missingOf(asked)), asked, response);
      await sendNoReferrers(query, response, this.#clock);
    }
  }

  #fail(error: unknown, asked: Asked | undefined, response: ServerResponse): void {
    const refusal = error instanceof RegistryError ? refusalOf(error, missingOf(asked)) : error;
    this.#tell(error, refusal, asked, response);
    // Whoever reads half an answer must not take it for a whole one.
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) {
      const shown = refusal instanceof Refusal ? refusal : new Refusal(500, "UNKNOWN", "this registry failed");
      sendRefusal(response, shown);
    }
  }

  #tell(error: unknown, refusal: unknown, asked: Asked | undefined, response: ServerResponse): void {
    const { log } = this.#options;
    const what = {
      kind: asked?.kind,
      repository: asked !== undefined && "repository" in asked ? asked.repository : undefined,
    };
    if (response.destroyed) log.debug({ error, ...what }, "a client left before its answer");
    else if (error instanceof ProxyError) log.info({ ...what }, error.message);
    else if (!(refusal instanceof Refusal)) log.error({ error, ...what }, "a pull failed");
    else if (refusal.status >= 500) log.warn({ error, ...what }, "an upstream failed");
    else if (error instanceof RegistryError && refused.has(error.code)) {
      log.warn({ error, ...what }, "an upstream refused the credentials of this registry, or may not be asked");
    } else if (refusal.status !== 401)
      log.info({ status: refusal.status, reason: refusal.message, ...what }, "not answered");
  }
}

function missingOf(asked: Asked | undefined): ErrorCode {
  if (asked?.kind === "manifest") return "MANIFEST_UNKNOWN";
  return asked?.kind === "blob" ? "BLOB_UNKNOWN" : "NAME_UNKNOWN";
}

/** Guests share the upstreams' places as namespaces share them elsewhere. */
function tenantOf(guest: Guest, review: AbortSignal) {
  return { namespace: guest.name, review };
}
