import type { ServerResponse } from "node:http";
import type { StoredEvent } from "./store.ts";

/** One open watch, as a test handles it. */
export class WatchConnection {
  readonly collection: string;
  /** The resourceVersion that the client resumed from. */
  readonly from: number;
  readonly #response: ServerResponse;
  #frozen = false;

  constructor(collection: string, from: number, response: ServerResponse) {
    this.collection = collection;
    this.from = from;
    this.#response = response;
  }

  event({ type, object }: Pick<StoredEvent, "type" | "object">): void {
    if (!this.#frozen) this.line({ type, object });
  }

  bookmark(version: number): void {
    this.line({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(version) } } });
  }

  /** An ERROR event as the API server sends it for a compacted version. */
  expire(): void {
    const message = "too old resource version";
    this.line({ type: "ERROR", object: { kind: "Status", status: "Failure", reason: "Expired", code: 410, message } });
  }

  line(value: unknown): void {
    this.raw(`${JSON.stringify(value)}\n`);
  }

  raw(bytes: string | Buffer): void {
    this.#response.write(bytes);
  }

  /** The connection stays open, and what happens in the store is not told any more. */
  freeze(): void {
    this.#frozen = true;
  }

  /** As the server ends a watch after timeoutSeconds. */
  end(): void {
    this.#response.end();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#response.destroy();
  }
}
