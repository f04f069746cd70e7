import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { cutToRange } from "./byte-range.ts";
import { type Answer, type Faults, sendFaulty } from "./faults.ts";
import { type Guard, json } from "./guard.ts";
import { type ContentStore, digestOf } from "./store.ts";

export interface HandlerOptions {
  readonly store: ContentStore;
  readonly faults: Faults;
  readonly guard?: Guard | undefined;
  /** `http://127.0.0.1:5000` */
  readonly origin: () => string;
  /** Largest blob, in bytes. */
  readonly maxBlobBytes: number;
}

/** distribution-spec, "Pushing Manifests": registries should take at least this much. */
const maxManifestBytes = 4 * 1024 * 1024;
const maxUploads = 64;

interface Call {
  readonly method: string;
  readonly repository: string;
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

const name = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*";
const route = new RegExp(`^/v2/(${name})/(manifests/[^/]+|blobs/.+|tags/list|referrers/[^/]+)$`);

/** An OCI registry (distribution-spec v1.1: pull, push, tags) as a request handler over a content store. */
export class RegistryHandler {
  readonly #options: HandlerOptions;
  /** Bytes received so far, by upload. */
  readonly #uploads = new Map<string, Buffer[]>();

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /** Answers one request; rejects only where the connection broke. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const url = new URL(request.url ?? "/", "http://registry");
    const fault = this.#options.faults.take(method, url.pathname);
    const whole = fault?.kind === "status" ? await refuse(request) : await this.#answer(request, method, url);
    const ranged = url.pathname.includes("/blobs/") && method === "GET" && fault?.kind !== "ignoreRange";
    const answer = ranged ? cutToRange(whole, request.headers.range) : whole;
    const headers = { "docker-distribution-api-version": "registry/2.0", ...answer.headers };
    if (fault !== undefined) {
      sendFaulty(response, { ...answer, headers }, fault, method === "HEAD");
      return;
    }
    response.writeHead(answer.status, headers);
    response.end(method === "HEAD" ? undefined : answer.body);
  }

  async #answer(request: IncomingMessage, method: string, url: URL): Promise<Answer> {
    const { guard, origin } = this.#options;
    if (guard !== undefined && url.pathname === "/token") {
      const body = await receive(request, 64 * 1024);
      return body === undefined ? failure(413, "SIZE_INVALID") : guard.token(request, url.searchParams, body);
    }
    const [, repository, rest] = route.exec(url.pathname) ?? [];
    const action = method === "GET" || method === "HEAD" ? "pull" : "push";
    const denied = guard?.check(request, repository, action, origin());
    if (denied !== undefined) {
      request.resume();
      return denied;
    }
    if (url.pathname === "/v2/" || url.pathname === "/v2") return json(200, {});
    if (repository === undefined || rest === undefined) return failure(404, "NAME_UNKNOWN");
    return await this.#route({ method, repository, rest, query: url.searchParams, request });
  }

  async #route(call: Call): Promise<Answer> {
    const { rest } = call;
    if (rest.startsWith("manifests/")) return await this.#manifest(call, rest.slice("manifests/".length));
    if (rest.startsWith("blobs/uploads/")) return await this.#upload(call, rest.slice("blobs/uploads/".length));
    if (rest.startsWith("blobs/")) return await this.#blob(call, rest.slice("blobs/".length));
    if (rest === "tags/list") return this.#tags(call);
    return failure(404, "UNSUPPORTED");
  }

  async #manifest({ method, repository, request }: Call, target: string): Promise<Answer> {
    const { store } = this.#options;
    if (method === "GET" || method === "HEAD") {
      const found = await store.manifest(repository, target);
      if (found === undefined) return failure(404, "MANIFEST_UNKNOWN");
      return content(found.bytes, found.digest, found.mediaType);
    }
    if (method !== "PUT") return failure(405, "UNSUPPORTED");
    const bytes = await receive(request, maxManifestBytes);
    if (bytes === undefined) return failure(413, "SIZE_INVALID");
    const tag = target.includes(":") ? undefined : target;
    if (tag === undefined && digestOf(bytes) !== target) return failure(400, "DIGEST_INVALID");
    const mediaType = request.headers["content-type"] ?? "application/octet-stream";
    const digest = await store.putManifest(repository, { mediaType, bytes, tag });
    if (digest === undefined) return failure(507, "DENIED");
    return created(`/v2/${repository}/manifests/${target}`, digest);
  }

  async #blob({ method, repository }: Call, digest: string): Promise<Answer> {
    if (method !== "GET" && method !== "HEAD") return failure(405, "UNSUPPORTED");
    const bytes = await this.#options.store.blob(repository, digest);
    return bytes === undefined ? failure(404, "BLOB_UNKNOWN") : content(bytes, digest, "application/octet-stream");
  }

  async #upload(call: Call, id: string): Promise<Answer> {
    const { method, repository, query } = call;
    if (id === "") return method === "POST" ? await this.#startUpload(call) : failure(405, "UNSUPPORTED");
    const chunks = this.#uploads.get(id);
    if (chunks === undefined) return failure(404, "BLOB_UPLOAD_UNKNOWN");
    const received = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    switch (method) {
      case "GET":
        return pending(repository, id, received, 204);
      case "DELETE":
        this.#uploads.delete(id);
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      case "PATCH":
      case "PUT": {
        const bytes = await receive(call.request, this.#options.maxBlobBytes - received);
        if (bytes === undefined) return failure(413, "SIZE_INVALID");
        chunks.push(bytes);
        if (method === "PATCH") return pending(repository, id, received + bytes.length, 202);
        this.#uploads.delete(id);
        return await this.#finish(repository, Buffer.concat(chunks), query.get("digest"));
      }
      default:
        return failure(405, "UNSUPPORTED");
    }
  }

  async #startUpload({ repository, query, request }: Call): Promise<Answer> {
    const [mount, from, digest] = [query.get("mount"), query.get("from"), query.get("digest")];
    const body = await receive(request, this.#options.maxBlobBytes);
    if (body === undefined) return failure(413, "SIZE_INVALID");
    if (mount !== null && from !== null && (await this.#options.store.mountBlob(from, repository, mount))) {
      return created(`/v2/${repository}/blobs/${mount}`, mount);
    }
    if (digest !== null) return await this.#finish(repository, body, digest);
    if (this.#uploads.size >= maxUploads) return failure(429, "TOOMANYREQUESTS");
    const id = randomUUID();
    this.#uploads.set(id, []);
    return pending(repository, id, 0, 202);
  }

  async #finish(repository: string, bytes: Buffer, digest: string | null): Promise<Answer> {
    if (digestOf(bytes) !== digest) return failure(400, "DIGEST_INVALID");
    const stored = await this.#options.store.putBlob(repository, bytes);
    return stored === undefined ? failure(507, "DENIED") : created(`/v2/${repository}/blobs/${digest}`, digest);
  }

  #tags({ repository, query }: Call): Answer {
    const all = this.#options.store.tags(repository);
    if (all === undefined) return failure(404, "NAME_UNKNOWN");
    const last = query.get("last");
    const rest = last === null ? all : all.filter((tag) => tag > last);
    const count = Math.min(Number(query.get("n") ?? 1000) || 1000, 1000);
    const tags = rest.slice(0, count);
    const answer = json(200, { name: repository, tags });
    const next = tags.at(-1);
    if (rest.length <= count || next === undefined) return answer;
    const link = `</v2/${repository}/tags/list?n=${count}&last=${next}>; rel="next"`;
    return { ...answer, headers: { ...answer.headers, link } };
  }
}

function content(bytes: Uint8Array, digest: string, mediaType: string): Answer {
  const headers = {
    "content-type": mediaType,
    "content-length": String(bytes.length),
    "docker-content-digest": digest,
    etag: `"${digest}"`,
  };
  return { status: 200, headers, body: bytes };
}

function created(location: string, digest: string): Answer {
  return { status: 201, headers: { location, "docker-content-digest": digest }, body: Buffer.alloc(0) };
}

function pending(repository: string, id: string, received: number, status: number): Answer {
  const headers = {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    "docker-upload-uuid": id,
    range: `0-${Math.max(received - 1, 0)}`,
  };
  return { status, headers, body: Buffer.alloc(0) };
}

function failure(status: number, code: string): Answer {
  return json(status, { errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] });
}

/** Reads a request whose answer is decided, and does nothing of what it asks for. */
async function refuse(request: IncomingMessage): Promise<Answer> {
  await receive(request, 0);
  return { status: 500, headers: {}, body: Buffer.alloc(0) };
}

/** The request's body; undefined where it is longer than allowed (the rest is read and thrown away). */
async function receive(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError("a request body must be read as bytes");
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size > maxBytes ? undefined : Buffer.concat(chunks);
}
