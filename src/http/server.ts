import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { Logger } from "../telemetry/log.ts";
import { eventLoop } from "../time/slices.ts";
import { Connections } from "./connections.ts";
import { HttpError } from "./error.ts";

/** PEM: the chain with the leaf first, and its private key. */
export type ServerCertificate = Pick<SecureContextOptions, "cert" | "key">;

/** Bounds of what clients may hold. Each must be given: Node's own values suit no server on an open port. */
export interface ServerLimits {
  /** Connections at once. One more takes the place of the oldest that is idle; where none is, it is closed unread. */
  readonly connections: number;
  /** Longest TLS handshake; after it, and again from the first byte of each later request, to the end of its headers, ms. */
  readonly headersMs: number;
  /** From the first byte of a request to its last, ms. */
  readonly requestMs: number;
  /** Time that a connection stays open between two requests, ms. */
  readonly keepAliveMs: number;
  /** Longest silence on a connection while a request is under way, ms: longer than any answer may take. */
  readonly silenceMs: number;
}

/** TLS 1.0 and 1.1 are deprecated (RFC 8996). */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

export interface TlsOptions {
  readonly certificate: ServerCertificate;
  /** Default: TLS 1.3, which the API server and browsers speak. TLS 1.2 still has ciphers that are broken. */
  readonly minVersion?: TlsVersion;
  /** PEM. Clients without a certificate of one of these authorities get no answer. Absent: clients need none. */
  readonly clientAuthorities?: string;
  /** With `clientAuthorities`: clients are asked for a certificate, and answered without one or with any. */
  readonly clientsMayBeUnknown?: boolean;
}

export interface HttpServerOptions {
  /** A plain handler, or an express application. */
  readonly listener: RequestListener;
  /** Absent: plain HTTP. */
  readonly tls?: TlsOptions;
  readonly limits: ServerLimits;
  readonly log: Logger;
}

/** Time that requests under way get to finish when a server closes, ms: longer than the review of a Pod takes by default. */
export const closeGraceMs = 5_000;

/** Between two looks for connections whose time for a request is over, ms. At most that much longer it may take. */
const longestCheckMs = 5_000;
/** Bytes of a request's headers; the API server sends less than one kilobyte. */
const maxHeaderSize = 16 * 1024;
/** How long the rest of a body is thrown away after its request was answered, ms: so that the client reads the answer. */
const discardMs = 2_000;

/** Listens, drains and ends, in the same way for every server of the program. HTTP/1.1. */
export class HttpServer {
  readonly #server: Server | HttpsServer;
  readonly #log: Logger;
  readonly #connections: Connections;
  readonly #underWay = new Set<ServerResponse>();
  readonly #tls: SecureContextOptions;
  #draining = false;

  constructor({ listener, tls, limits, log }: HttpServerOptions) {
    this.#log = log;
    this.#connections = new Connections(limits.connections);
    this.#tls = secureContext(tls);
    const follow: RequestListener = (request, response) => {
      this.#follow(request, response);
      listener(request, response);
    };
    const { headersMs } = limits;
    const http = { connectionsCheckingInterval: Math.min(longestCheckMs, headersMs), maxHeaderSize };
    this.#server =
      tls === undefined
        ? createHttpServer(http, follow)
        : createHttpsServer(
            {
              ...http,
              ...this.#tls,
              ...tls.certificate,
              handshakeTimeout: headersMs,
              ...clientRule(tls),
            },
            follow,
          );
    this.#server.headersTimeout = headersMs;
    this.#server.requestTimeout = limits.requestMs;
    this.#server.keepAliveTimeout = limits.keepAliveMs;
    this.#server.setTimeout(limits.silenceMs);
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      // There may be more behind it.
      eventLoop.giveWay();
    });
  }

  /** Resolves with the port once it is listened on. @throws the system's error where it cannot be, e.g. EADDRINUSE */
  async listen(port: number, address: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, address, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#server.on("error", (error) => this.#log.error({ error }, "the server failed"));
    const bound = this.#server.address();
    return typeof bound === "object" && bound !== null ? bound.port : port;
  }

  /**
   * Uses another certificate for new connections; open ones go on.
   * @throws HttpError CERTIFICATE_UNUSABLE where it cannot be loaded; the old one stays
   */
  setCertificate(certificate: ServerCertificate): void {
    if (!(this.#server instanceof HttpsServer)) {
      throw new HttpError("CERTIFICATE_UNUSABLE", "this server speaks plain HTTP and has no certificate");
    }
    try {
      this.#server.setSecureContext({ ...this.#tls, ...certificate });
    } catch (cause) {
      throw new HttpError("CERTIFICATE_UNUSABLE", "the new serving certificate cannot be used", { cause });
    }
  }

  /**
   * From now on every answer closes its connection, while new ones are still taken: for the time before `close`. Clients
   * that keep connections to one replica are so told to open the next one elsewhere.
   */
  drain(): void {
    this.#draining = true;
    for (const response of this.#underWay) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /** Takes no new connection, lets requests under way finish, and ends at the latest after `graceMs`. */
  async close(graceMs = closeGraceMs): Promise<void> {
    this.drain();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (graceMs === 0) this.#server.closeAllConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    if (this.#draining) response.shouldKeepAlive = false;
    this.#underWay.add(response);
    this.#connections.follow(request, response);
    response.once("finish", () => {
      discardRest(request);
      // Its headers may have promised a connection that stays, before it was known that the server ends.
      if (this.#draining && response.shouldKeepAlive) request.socket.destroySoon();
    });
    response.once("close", () => this.#underWay.delete(response));
  }
}

function secureContext(tls: TlsOptions | undefined): SecureContextOptions {
  const { minVersion = "TLSv1.3", clientAuthorities: ca } = tls ?? {};
  return { minVersion, ...(ca === undefined ? {} : { ca }) };
}

function clientRule({ clientAuthorities, clientsMayBeUnknown = false }: TlsOptions) {
  return clientAuthorities === undefined ? {} : { requestCert: true, rejectUnauthorized: !clientsMayBeUnknown };
}

/** Throws away the rest of a body whose request is answered, and after a while the connection with it. */
function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), discardMs);
  request.once("close", () => clearTimeout(timer)).resume();
}
