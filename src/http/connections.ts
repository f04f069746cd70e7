import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Connection {
  readonly socket: Socket;
  /** Whether a request of it was ever answered. */
  answered: boolean;
  readonly underWay: Set<IncomingMessage>;
}

/**
 * The open connections of one port, at most `limit`. One more takes the place of the oldest that is idle: a probe gets
 * through, however many connections others keep open. Idle is whoever waits for its client: in the handshake, between
 * two requests, or within a request that is not whole yet. One that was never answered goes first, so that a crowd of
 * strangers costs the API server none of the connections that it keeps.
 */
export class Connections {
  readonly #limit: number;
  /** The one that has been idle longest comes first. Keyed by the peer: TLS hides the socket that was accepted. */
  readonly #open = new Map<string, Connection>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Keeps count of a connection from its first packet on. */
  add(socket: Socket): void {
    const key = peerOf(socket);
    const connection: Connection = { socket, answered: false, underWay: new Set() };
    socket.once("close", () => {
      if (this.#open.get(key) === connection) this.#open.delete(key);
    });
    if (this.#open.size >= this.#limit && !this.#evict()) {
      socket.destroy();
      return;
    }
    this.#open.set(key, connection);
  }

  /** Follows a request whose headers are there, until it is answered. */
  follow(request: IncomingMessage, response: ServerResponse): void {
    const key = peerOf(request.socket);
    const connection = this.#open.get(key);
    if (connection === undefined) return;
    connection.underWay.add(request);
    response.once("close", () => {
      connection.underWay.delete(request);
      if (!response.writableFinished || this.#open.get(key) !== connection) return;
      // An answer before the request was whole is a refusal, and proves nothing of the client.
      connection.answered ||= request.complete && response.statusCode < 400;
      this.#open.delete(key);
      this.#open.set(key, connection);
    });
  }

  #evict(): boolean {
    let oldest: readonly [string, Connection] | undefined;
    for (const [key, connection] of this.#open) {
      if (isBusy(connection)) continue;
      oldest ??= [key, connection];
      if (connection.answered) continue;
      oldest = [key, connection];
      break;
    }
    if (oldest === undefined) return false;
    const [key, { socket }] = oldest;
    this.#open.delete(key);
    socket.destroy();
    return true;
  }
}

/** Whether it has a whole request that waits for us. */
function isBusy({ underWay }: Connection): boolean {
  for (const { complete } of underWay) if (complete) return true;
  return false;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
