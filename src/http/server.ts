import { createServer as createHttpServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Logger } from "../telemetry/log.ts";
import { HttpError } from "./error.ts";

/** PEM: the chain with the leaf first, and its private key. */
export type ServerCertificate = Pick<SecureContextOptions, "cert" | "key">;

/** Bounds of what clients may hold. Each must be given: Node's own values suit no server on an open port. */
export interface ServerLimits {
  /** Connections at once; further ones are closed unread. */
  readonly connections: number;
  /** From the first byte of a request to the end of its headers, ms. */
  readonly headersMs: number;
  /** From the first byte of a request to its last, ms. */
  readonly requestMs: number;
  /** Time that a connection stays open between two requests, ms. */
  readonly keepAliveMs: number;
}

export interface HttpServerOptions {
  /** A plain handler, or an express application. */
  readonly listener: RequestListener;
  /** Absent: plain HTTP. */
  readonly certificate?: ServerCertificate;
  readonly limits: ServerLimits;
  readonly log: Logger;
}

/** Time that requests under way get to finish when a server closes, ms: longer than the review of a Pod takes by default. */
export const closeGraceMs = 5_000;

/** TLS 1.0 and 1.1 are deprecated (RFC 8996). */
const minVersion = "TLSv1.2";

/** Listens, drains and ends, in the same way for every server of the program. HTTP/1.1. */
export class HttpServer {
  readonly #server: Server | HttpsServer;
  readonly #log: Logger;
  readonly #underWay = new Set<ServerResponse>();
  #draining = false;

  constructor({ listener, certificate, limits, log }: HttpServerOptions) {
    this.#log = log;
    const follow: RequestListener = (request, response) => {
      this.#follow(response);
      listener(request, response);
    };
    this.#server =
      certificate === undefined ? createHttpServer(follow) : createHttpsServer({ minVersion, ...certificate }, follow);
    this.#server.maxConnections = limits.connections;
    this.#server.headersTimeout = limits.headersMs;
    this.#server.requestTimeout = limits.requestMs;
    this.#server.keepAliveTimeout = limits.keepAliveMs;
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
      this.#server.setSecureContext({ minVersion, ...certificate });
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
    for (const response of this.#underWay) response.shouldKeepAlive = false;
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

  #follow(response: ServerResponse): void {
    if (this.#draining) response.shouldKeepAlive = false;
    this.#underWay.add(response);
    response.once("close", () => this.#underWay.delete(response));
  }
}
