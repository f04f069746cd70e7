import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess, UserAccess } from "../../../src/kubernetes/access/access.ts";
import { ObjectStore, type Stored } from "./store.ts";
import { WatchConnection } from "./watch-connection.ts";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** PEM texts of a server that speaks TLS, and the authority that its clients are to trust. */
export interface FakeTls {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Answers a request in the fake's place; returns whether it did. */
export type Fault = (request: SeenRequest, response: ServerResponse) => boolean | Promise<boolean>;

interface Place {
  readonly collection: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/**
 * A small Kubernetes API server for tests: lists in pages of one moment, watches with history, optimistic writes, and
 * whatever goes wrong by a `Fault`. It keeps any object at any path and validates nothing.
 */
export class FakeApiServer {
  readonly store = new ObjectStore();
  readonly requests: SeenRequest[] = [];
  readonly watches: WatchConnection[] = [];
  /** Asked first, in order; one that answered is done unless it was added by `always`. */
  readonly #faults: { readonly fault: Fault; readonly once: boolean }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #continues = new Map<string, { readonly items: readonly Stored[]; readonly version: number }>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #tls: FakeTls | undefined;
  #port = 0;
  #connections = 0;

  private constructor(tls: FakeTls | undefined) {
    this.#tls = tls;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      });
    };
    this.#server =
      tls === undefined ? createServer(answer) : createTlsServer({ cert: tls.certificate, key: tls.key }, answer);
    this.#server.on("connection", (socket: Socket) => {
      this.#connections++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Speaks plain HTTP unless told otherwise. */
  static async start(tls?: FakeTls): Promise<FakeApiServer> {
    const fake = new FakeApiServer(tls);
    await fake.listen();
    return fake;
  }

  /** Starts again on the same port after `stop`. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection and takes no more, as a killed server. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get url(): string {
    return `${this.#tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  /** How many connections were opened since it was made. */
  get connections(): number {
    return this.#connections;
  }

  access(user: UserAccess = {}): ClusterAccess {
    const ca = this.#tls === undefined ? {} : { ca: { pem: this.#tls.authority } };
    return { server: this.url, insecureSkipTlsVerify: false, user, origin: "test", ...ca };
  }

  /** Answers the next request that the fault takes. */
  once(fault: Fault): void {
    this.#faults.push({ fault, once: true });
  }

  always(fault: Fault): void {
    this.#faults.push({ fault, once: false });
  }

  /** Resolves once the condition holds; looked at after each request and each new watch. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** The nth watch of this server, when it is there. */
  async watch(index: number): Promise<WatchConnection> {
    await this.until(() => this.watches.length > index);
    const watch = this.watches[index];
    if (watch === undefined) throw new Error(`no watch ${index}`);
    return watch;
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const seen: SeenRequest = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    this.requests.push(seen);
    const handled = await this.#fault(seen, response);
    if (!handled) this.#answer(seen, response);
    this.#changed();
  }

  async #fault(seen: SeenRequest, response: ServerResponse): Promise<boolean> {
    for (const entry of [...this.#faults]) {
      if (!(await entry.fault(seen, response))) continue;
      if (entry.once) this.#faults.splice(this.#faults.indexOf(entry), 1);
      return true;
    }
    return false;
  }

  #answer(seen: SeenRequest, response: ServerResponse): void {
    const { collection, name } = placeOf(seen.path);
    if (name !== undefined) this.#object(seen, collection, name, response);
    else if (seen.method === "POST") this.#create(seen, collection, response);
    else if (seen.query.get("watch") === "true") this.#watch(seen, collection, response);
    else this.#list(seen, collection, response);
  }

  #object(seen: SeenRequest, collection: string, name: string, response: ServerResponse): void {
    const known = this.store.get(collection, name);
    const apply = seen.headers["content-type"] === "application/apply-patch+yaml";
    if (known === undefined && !apply) {
      status(response, 404, "NotFound", `${name} not found`);
      return;
    }
    if (seen.method === "GET") reply(response, 200, known);
    else if (seen.method === "DELETE") reply(response, 200, this.store.delete(collection, name));
    else {
      const body: Stored = JSON.parse(seen.body);
      const wanted = body.metadata?.["resourceVersion"];
      if (wanted !== undefined && wanted !== known?.metadata["resourceVersion"]) {
        status(response, 409, "Conflict", `the object has been modified`);
        return;
      }
      reply(response, 200, this.store.put(collection, seen.method === "PATCH" ? merged(known, body, name) : body));
    }
  }

  #create(seen: SeenRequest, collection: string, response: ServerResponse): void {
    const body: Stored = JSON.parse(seen.body);
    if (this.store.get(collection, body.metadata.name) !== undefined) {
      status(response, 409, "AlreadyExists", `${body.metadata.name} already exists`);
    } else reply(response, 201, this.store.put(collection, body));
  }

  #list(seen: SeenRequest, collection: string, response: ServerResponse): void {
    const limit = Number(seen.query.get("limit") ?? "0") || Number.POSITIVE_INFINITY;
    const token = seen.query.get("continue");
    const rest = token === null ? undefined : this.#continues.get(token);
    const { items, version } = rest ?? { items: this.store.list(collection), version: this.store.version };
    const next = items.length > limit ? `from-${version}-${items.length - limit}` : undefined;
    if (next !== undefined) this.#continues.set(next, { items: items.slice(limit), version });
    const metadata = { resourceVersion: String(version), continue: next ?? "" };
    reply(response, 200, { kind: "List", apiVersion: "v1", metadata, items: items.slice(0, limit) });
  }

  #watch(seen: SeenRequest, collection: string, response: ServerResponse): void {
    const from = Number(seen.query.get("resourceVersion"));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const watch = new WatchConnection(collection, from, response);
    this.watches.push(watch);
    const past = this.store.since(collection, from);
    if (past === undefined) {
      watch.expire();
      watch.end();
      return;
    }
    for (const event of past) watch.event(event);
    const stop = this.store.listen((event) => {
      if (event.collection === collection) watch.event(event);
    });
    response.on("close", stop);
  }
}

function merged(known: Stored | undefined, body: Stored, name: string): Stored {
  return { ...known, ...body, metadata: { ...known?.metadata, ...body.metadata, name } };
}

export function reply(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** A metav1.Status as answer. */
export function status(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
  more: { readonly details?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): true {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code, details: more.details };
  response.writeHead(code, { "content-type": "application/json", ...more.headers }).end(JSON.stringify(body));
  return true;
}

/** `/api/v1/[namespaces/NS/]PLURAL[/NAME[/SUB]]` or `/apis/GROUP/VERSION/…`, cut into its parts. */
function placeOf(path: string): Place {
  const parts = path.split("/").slice(1);
  const root = parts[0] === "api" ? 2 : 3;
  const scoped = parts[root] === "namespaces" && parts.length > root + 2 ? root + 2 : root;
  const collection = `/${parts.slice(0, scoped + 1).join("/")}`;
  return { collection, name: parts[scoped + 1], subresource: parts[scoped + 2] };
}
