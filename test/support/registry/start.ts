import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { Faults } from "./faults.ts";
import { Guard, type RegistryAuth } from "./guard.ts";
import { RegistryHandler } from "./handler.ts";
import { ContentStore } from "./store.ts";

export interface StartRegistryOptions {
  /** `127.0.0.1` if absent. */
  readonly address?: string | undefined;
  /** A free one if absent. */
  readonly port?: number | undefined;
  readonly auth?: RegistryAuth | undefined;
  /** HTTPS with this key and certificate, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** Keep the content in this folder. */
  readonly directory?: string | undefined;
  /** Serve what another registry's store holds. */
  readonly store?: ContentStore | undefined;
  /** Largest blob, in bytes; 512 MiB if absent. */
  readonly maxBlobBytes?: number | undefined;
}

export interface ReceivedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RunningRegistry {
  /** `127.0.0.1:40123`, as references name it. */
  readonly host: string;
  readonly store: ContentStore;
  readonly faults: Faults;
  /** The requests that arrived, the oldest first; the last 10,000. */
  readonly requests: readonly ReceivedRequest[];
  /** Resolves when a request that fits has arrived, also where it has already. */
  received(fits: (request: ReceivedRequest) => boolean): Promise<ReceivedRequest>;
  /** Ends every connection. May be called twice. */
  close(): Promise<void>;
}

const maxRequests = 10_000;

/** Starts an OCI registry in this process, for tests and for the demo. */
export async function startRegistry(options: StartRegistryOptions = {}): Promise<RunningRegistry> {
  const { address = "127.0.0.1", port = 0, auth, tls, maxBlobBytes = 512 * 1024 * 1024 } = options;
  const store = options.store ?? (await ContentStore.open({ directory: options.directory }));
  const faults = new Faults();
  const guard = auth === undefined ? undefined : new Guard(auth);
  const origin = (): string => `${tls === undefined ? "http" : "https"}://${host()}`;
  const handler = new RegistryHandler({ store, faults, guard, origin, maxBlobBytes });
  const requests: ReceivedRequest[] = [];
  const waiting = new Set<(request: ReceivedRequest) => void>();

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const received = { method: request.method ?? "", path: request.url ?? "", headers: request.headers };
    if (requests.length === maxRequests) requests.shift();
    requests.push(received);
    for (const notify of [...waiting]) notify(received);
    // A client that goes away while it is being answered is its own business.
    handler.handle(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  const host = (): string => {
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("the registry does not listen on a port");
    return `${address.includes(":") ? `[${address}]` : address}:${bound.port}`;
  };
  let closing: Promise<void> | undefined;
  return {
    host: host(),
    store,
    faults,
    requests,
    received: async (fits) => {
      const known = requests.find(fits);
      if (known !== undefined) return known;
      return await new Promise((resolve) => {
        const notify = (request: ReceivedRequest): void => {
          if (!fits(request)) return;
          waiting.delete(notify);
          resolve(request);
        };
        waiting.add(notify);
      });
    },
    close: () => {
      closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}
