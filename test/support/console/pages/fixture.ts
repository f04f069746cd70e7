import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { json } from "node:stream/consumers";
import type { z } from "zod";
import type { CredentialView } from "../../../../src/console/contract/credentials.ts";
import type { KnownFeature, MachineTypeView, Preview } from "../../../../src/console/contract/machine-types.ts";
import { type Problem, problem } from "../../../../src/console/contract/parts.ts";
import { type Session, session } from "../../../../src/console/contract/session.ts";
import type { NodeView, SelectionView } from "../../../../src/console/contract/views.ts";
import { type Change, change, type ManifestListView, type Matrix } from "../../../../src/console/contract/views.ts";
import { type Answered, type Asked, answer, sign } from "./answers.ts";
import {
  sampleCredentials,
  sampleFeatures,
  sampleLists,
  sampleMatrix,
  sampleNodes,
  sampleSelections,
  sampleTypes,
} from "./samples.ts";

const dist = join(import.meta.dirname, "../../../../dist/console");
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** As the console sends it: what breaks it here breaks it there. */
const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

type SignedIn = Extract<Session, { signedIn: true }>;
export type May = SignedIn["may"];

export const mayAll: May = {
  machineTypes: ["list", "watch", "create", "update", "delete"],
  manifestLists: ["list", "watch"],
  nodes: ["list", "watch"],
  pods: ["list", "watch"],
  credentials: { namespace: "metahub", verbs: ["list", "watch", "create", "update", "delete"] },
};

/**
 * A console whose answers a test sets: for what a real one cannot be made to answer at will, such as errors, and crowds.
 * Each answer is held to the contract's schema; what breaks it is in `broken`.
 */
export class PagesFixture {
  machineTypes = new Map<string, MachineTypeView>(sampleTypes.map((type) => [type.name, type]));
  credentials: readonly CredentialView[] = sampleCredentials;
  nodes: readonly NodeView[] = sampleNodes(60);
  selections: readonly SelectionView[] = sampleSelections(40);
  lists: readonly ManifestListView[] = sampleLists;
  matrix: (image: string) => Matrix = sampleMatrix;
  known: readonly KnownFeature[] = sampleFeatures;
  preview: Preview | undefined;
  may: May = mayAll;
  ways: Extract<Session, { signedIn: false }>["ways"] = ["password", "token"];
  place: SignedIn["place"] = { kind: "cluster" };
  user: string | undefined = "anna";
  /** Answers in place of what would be answered, each once, by `METHOD /path`. */
  readonly instead = new Map<string, Problem>();
  readonly broken: string[] = [];
  /** All that was asked of the API: `METHOD /path?query`, and the body. */
  readonly asked: { readonly line: string; readonly body: unknown }[] = [];
  /** Whether streams of events are refused. */
  noEvents = false;
  version = 1;
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error) => {
      this.broken.push(String(error));
      response.destroy();
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `http://localhost:${port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Tells all pages of a change; lists have a new version from then on. */
  tell(told: Change): void {
    this.version += 1;
    for (const stream of this.#streams) stream.write(`data: ${JSON.stringify(change.parse(told))}\n\n`);
  }

  /** Ends all streams of events. */
  dropEvents(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  get streams(): number {
    return this.#streams.size;
  }

  session(): Session {
    if (this.user === undefined) return { signedIn: false, ways: this.ways };
    return {
      ...{ signedIn: true, user: this.user, groups: ["team"], place: this.place, may: this.may },
      ...{
        ends: new Date(Date.now() + 3_600_000).toISOString(),
        idleSeconds: 1_800,
        csrf: "c".repeat(43),
        registry: "hub.example.com",
      },
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("content-security-policy", policy);
    response.setHeader("x-content-type-options", "nosniff");
    if (!url.pathname.startsWith("/api/v1/")) return await this.#serveFile(url.pathname, response);
    const path = url.pathname.slice("/api/v1".length);
    if (path === "/events") return this.#serveEvents(request, response);
    const method = request.method ?? "GET";
    const body = method === "POST" || method === "PUT" ? await json(request) : undefined;
    this.asked.push({ line: `${method} ${path}${url.search}`, body });
    const answered = this.#answer({ method, path, query: url.searchParams, body, headers: request.headers });
    this.#send(request, response, answered);
  }

  #answer(asked: Asked): Answered {
    const instead = this.instead.get(`${asked.method} ${asked.path}`);
    if (instead !== undefined) {
      this.instead.delete(`${asked.method} ${asked.path}`);
      return { status: instead.status, schema: problem, value: instead };
    }
    if (asked.path === "/session") return sign(this, asked) ?? { status: 200, schema: session, value: this.session() };
    return answer(this, asked);
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, schema, value }: Answered): void {
    if (schema === undefined) {
      response.writeHead(204).end();
      return;
    }
    const checked = (schema as z.ZodType).safeParse(value);
    if (!checked.success) this.broken.push(`${request.method} ${request.url}: ${checked.error.message}`);
    const etag = `"${this.version}"`;
    const isList = typeof value === "object" && value !== null && "version" in value;
    if (isList && request.headers["if-none-match"] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    const type = status >= 400 ? "application/problem+json" : "application/json";
    response.writeHead(status, { "content-type": type, "cache-control": "no-store", ...(isList ? { etag } : {}) });
    response.end(JSON.stringify(value));
  }

  #serveEvents(request: IncomingMessage, response: ServerResponse): void {
    if (this.noEvents || this.user === undefined) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": hello\nretry: 100\n\n");
    this.#streams.add(response);
    request.once("close", () => this.#streams.delete(response));
  }

  async #serveFile(path: string, response: ServerResponse): Promise<void> {
    const name = path === "/" ? "index.html" : path.slice(1);
    const type = types[extname(name)];
    if (type === undefined || name.includes("/")) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": type, "cache-control": "no-cache" });
    response.end(await readFile(join(dist, name)));
  }
}
