import { type Clock, systemClock } from "../../time/clock.ts";
import { Deadline } from "../../time/deadline.ts";
import type { ClusterAccess } from "../access/access.ts";
import { abortError, errorText, isKubernetesError, KubernetesError } from "../error.ts";
import { type KubernetesObject, type Parse, parseObject } from "../object.ts";
import { type CollectionTarget, collectionPath, type ObjectTarget, objectPath } from "../resource.ts";
import { parseJson, readBody, skipBody } from "./body.ts";
import type { Connection } from "./connection.ts";
import { type PageEnd, readPage } from "./list-page.ts";
import { json, selectorQuery, writeQuery } from "./queries.ts";
import type {
  Applied,
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  ListOptions,
  Page,
  Parsing,
  Patch,
  Selectors,
  WatchEvent,
  WriteOptions,
} from "./requests.ts";
import type { RateLimit } from "./token-bucket.ts";
import { type Exchange, type RequestObservation, Transport } from "./transport.ts";
import { watchEvents } from "./watch.ts";

export interface KubernetesClientOptions {
  readonly access: ClusterAccess;
  /** `name/version`, shows in the API server's audit log. */
  readonly userAgent: string;
  /** Client-side limit; none by default, the server's priority and fairness rules. */
  readonly rateLimit?: RateLimit | undefined;
  /** The environment that credential plugins inherit; default nothing. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly observe?: (request: RequestObservation) => void;
  /** Connections that others use too; see `TokenClients`. */
  readonly connection?: Connection | undefined;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface WatchOptions extends Selectors {
  readonly signal: AbortSignal;
  readonly resourceVersion: string;
  /** After this the server ends the watch itself. */
  readonly timeoutSeconds: number;
  /** Silence after which the connection counts as dead, ms. */
  readonly idleMs: number;
  /** The server has accepted the watch. */
  readonly onOpen?: () => void;
}

/** Cap on one object, bytes: etcd takes 1.5 MiB, and JSON is longer than what is stored. */
const objectBytes = 8 * 1_048_576;
/** Cap on one page of a list, bytes: 500 objects of 128 KiB. */
const pageBytes = 64 * 1_048_576;
/** Deadline of a call that names none, ms: as long as a webhook behind it may take (timeoutSeconds is 30 at most). */
const callMs = 30_000;
/** Deadline of one page, ms: the API server's own (--request-timeout). */
const pageMs = 60_000;
/** As kubectl and client-go. */
const pageSize = 500;

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** PartialObjectMetadata (KEP-2884), or the whole object where a server does not know it. */
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=1,application/json";

/**
 * Calls to one Kubernetes API server. All reject with KubernetesError. Without `parse` an object is checked for
 * metadata.name and given as it came.
 */
export class KubernetesClient {
  readonly access: ClusterAccess;
  readonly #clock: Clock;
  readonly #transport: Transport;

  constructor(options: KubernetesClientOptions) {
    this.access = options.access;
    this.#clock = options.clock ?? systemClock;
    this.#transport = new Transport({
      ...options,
      clock: this.#clock,
      random: options.random ?? Math.random,
      environment: options.environment ?? {},
    });
  }

  get<T>(target: ObjectTarget, options: CallOptions & Parsing<T>): Promise<T>;
  get(target: ObjectTarget, options: CallOptions): Promise<KubernetesObject>;
  get<T>(target: ObjectTarget, options: CallOptions & Partial<Parsing<T>>): Promise<T | KubernetesObject> {
    return this.#object({ method: "GET", path: objectPath(target) }, options);
  }

  /**
   * Creates an object of a collection, or posts to a subresource. `binding` and `eviction` answer with a Status, which
   * has no name: give a `parse` for them.
   */
  create<T>(target: CollectionTarget | ObjectTarget, body: object, options: WriteOptions & Parsing<T>): Promise<T>;
  create(target: CollectionTarget | ObjectTarget, body: object, options: WriteOptions): Promise<KubernetesObject>;
  create<T>(
    target: CollectionTarget | ObjectTarget,
    body: object,
    options: WriteOptions & Partial<Parsing<T>>,
  ): Promise<T | KubernetesObject> {
    const path = "name" in target ? objectPath(target) : collectionPath(target);
    return this.#object({ method: "POST", path, query: writeQuery(options), ...json(body) }, options);
  }

  /** Replaces; with metadata.resourceVersion in the body only if nobody else wrote meanwhile (CONFLICT). */
  update<T>(target: ObjectTarget, body: object, options: WriteOptions & Parsing<T>): Promise<T>;
  update(target: ObjectTarget, body: object, options: WriteOptions): Promise<KubernetesObject>;
  update<T>(
    target: ObjectTarget,
    body: object,
    options: WriteOptions & Partial<Parsing<T>>,
  ): Promise<T | KubernetesObject> {
    return this.#object(
      { method: "PUT", path: objectPath(target), query: writeQuery(options), ...json(body) },
      options,
    );
  }

  patch<T>(target: ObjectTarget, patch: Patch, options: WriteOptions & Parsing<T>): Promise<T>;
  patch(target: ObjectTarget, patch: Patch, options: WriteOptions): Promise<KubernetesObject>;
  patch<T>(
    target: ObjectTarget,
    patch: Patch,
    options: WriteOptions & Partial<Parsing<T>>,
  ): Promise<T | KubernetesObject> {
    return this.#object(patchExchange(target, patch, options), options);
  }

  /**
   * The same, where nothing of the answer matters: the server is asked for the object's metadata alone, and nobody parses
   * it.
   */
  async sendPatch(target: ObjectTarget, patch: Patch, options: WriteOptions): Promise<void> {
    const exchange = { ...patchExchange(target, patch, options), accept: metadataOnly };
    const { maxBytes = objectBytes, timeoutMs = callMs, signal } = options;
    await this.#transport.read(exchange, signal, timeoutMs, (body, what) => skipBody(body, maxBytes, what));
  }

  /** Server-side apply: creates or changes. @throws KubernetesError CONFLICT, whose `conflicts` name the owners */
  apply<T>(target: ObjectTarget, body: Applied, options: ApplyOptions & Parsing<T>): Promise<T>;
  apply(target: ObjectTarget, body: Applied, options: ApplyOptions): Promise<KubernetesObject>;
  apply<T>(
    target: ObjectTarget,
    body: Applied,
    options: ApplyOptions & Partial<Parsing<T>>,
  ): Promise<T | KubernetesObject> {
    const query = writeQuery(options);
    if (options.force === true) query.set("force", "true");
    // JSON is YAML; the name of the type says what the server does with it.
    const contentType = "application/apply-patch+yaml";
    const path = objectPath(target);
    return this.#object({ method: "PATCH", path, query, body: JSON.stringify(body), contentType }, options);
  }

  /** Asks for deletion; finalizers may keep the object for a while. */
  async delete(target: ObjectTarget, options: DeleteOptions): Promise<void> {
    const { preconditions, propagationPolicy, gracePeriodSeconds } = options;
    const body = {
      kind: "DeleteOptions",
      apiVersion: "v1",
      preconditions,
      propagationPolicy,
      gracePeriodSeconds,
    };
    await this.#text({ method: "DELETE", path: objectPath(target), ...json(body) }, options, callMs, objectBytes);
  }

  /** The answer of a path that is no resource, e.g. `/version` or `/readyz`. */
  raw(path: string, options: CallOptions): Promise<string> {
    if (!path.startsWith("/")) throw new KubernetesError("INVALID", `${JSON.stringify(path)} is no absolute path`);
    return this.#text({ method: "GET", path, accept: "application/json, */*" }, options, callMs, objectBytes);
  }

  /** All objects, one after the other, page by page. @throws KubernetesError GONE when the list took too long */
  list<T>(target: CollectionTarget, options: ListOptions & Parsing<T>): AsyncGenerator<T>;
  list(target: CollectionTarget, options: ListOptions): AsyncGenerator<KubernetesObject>;
  async *list<T>(
    target: CollectionTarget,
    options: ListOptions & Partial<Parsing<T>>,
  ): AsyncGenerator<T | KubernetesObject> {
    const parse: Parse<T | KubernetesObject> = options.parse ?? parseObject;
    for await (const page of this.pages(target, options)) {
      for (const item of page.items) yield parse(item);
    }
  }

  /** The pages of a list, items unparsed, all of one moment. The next one is asked for when the caller wants it. */
  async *pages(target: CollectionTarget, options: ListOptions): AsyncGenerator<Page<unknown>> {
    let token: string | undefined;
    do {
      const items: unknown[] = [];
      const page = await this.#page(target, options, token, (item) => items.push(item));
      token = page.token;
      yield { items, resourceVersion: page.resourceVersion };
    } while (token !== undefined);
  }

  /**
   * Hands over all objects of a list, unparsed, as they arrive: no page is ever whole in memory.
   * @returns the list's resourceVersion
   */
  async each(target: CollectionTarget, options: ListOptions, onItem: (item: unknown) => void): Promise<string> {
    const first = await this.#page(target, options, undefined, onItem);
    for (let token = first.token; token !== undefined; ) {
      token = (await this.#page(target, options, token, onItem)).token;
    }
    return first.resourceVersion;
  }

  /** The events of one watch connection until the server ends it. @throws KubernetesError as `watchEvents` does */
  async *watch(target: CollectionTarget, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const path = collectionPath(target);
    const query = selectorQuery(options);
    query.set("watch", "true");
    query.set("allowWatchBookmarks", "true");
    query.set("resourceVersion", options.resourceVersion);
    query.set("timeoutSeconds", String(options.timeoutSeconds));
    const what = `WATCH ${path}`;
    const deadline = new Deadline(this.#clock, options.signal, what, callMs);
    try {
      const body = await this.#transport.open({ method: "GET", path, query }, deadline);
      options.onOpen?.();
      yield* watchEvents(body, deadline, options.idleMs, what);
    } catch (error) {
      if (deadline.signal.aborted) throw abortError(deadline.signal, what);
      if (isKubernetesError(error)) throw error;
      throw new KubernetesError("UNREACHABLE", `${what}: the connection broke: ${errorText(error)}`, { cause: error });
    } finally {
      deadline.end();
    }
  }

  /** Cuts every connection that is its own; what still runs on them rejects with CLOSED, as does what comes later. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  #page(
    target: CollectionTarget,
    options: ListOptions,
    token: string | undefined,
    onItem: (item: unknown) => void,
  ): Promise<PageEnd> {
    const path = collectionPath(target);
    const query = selectorQuery(options);
    query.set("limit", String(options.pageSize ?? pageSize));
    // With a continue token the version is in the token, and both together are refused.
    if (token !== undefined) query.set("continue", token);
    else if (options.resourceVersion !== undefined) query.set("resourceVersion", options.resourceVersion);
    const { signal, timeoutMs = pageMs, maxBytes = pageBytes } = options;
    return this.#transport.read({ method: "GET", path, query }, signal, timeoutMs, (body, what) =>
      readPage(body, { maxBytes, what, onPassedOver: options.onPassedOver }, onItem),
    );
  }

  #text(exchange: Exchange, options: CallOptions, timeoutMs: number, maxBytes: number): Promise<string> {
    const cap = options.maxBytes ?? maxBytes;
    return this.#transport.read(exchange, options.signal, options.timeoutMs ?? timeoutMs, (body, what) =>
      readBody(body, cap, what),
    );
  }

  async #object<T>(exchange: Exchange, options: CallOptions & Partial<Parsing<T>>): Promise<T | KubernetesObject> {
    const value = parseJson(
      await this.#text(exchange, options, callMs, objectBytes),
      `${exchange.method} ${exchange.path}`,
    );
    return options.parse === undefined ? parseObject(value) : options.parse(value);
  }
}

function patchExchange(target: ObjectTarget, patch: Patch, options: WriteOptions): Exchange {
  const body = JSON.stringify(patch.type === "json" ? patch.operations : patch.body);
  const contentType = patchTypes[patch.type];
  return { method: "PATCH", path: objectPath(target), query: writeQuery(options), body, contentType };
}
