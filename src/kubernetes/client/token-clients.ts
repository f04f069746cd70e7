import type { ClusterAccess } from "../access/access.ts";
import { KubernetesClient, type KubernetesClientOptions } from "./client.ts";
import { Connection } from "./connection.ts";

export interface TokenClientsOptions extends Omit<KubernetesClientOptions, "access" | "connection" | "environment"> {
  /** Its server, CA and proxy are used; whatever it says of a user is not. */
  readonly access: ClusterAccess;
}

/**
 * Clients of one API server that act with tokens handed in, each with one. They share connections, which is safe because
 * a token stands in each request alone: none has a certificate, which would belong to the connection.
 */
export class TokenClients {
  readonly #options: TokenClientsOptions;
  readonly #connection: Connection;

  constructor(options: TokenClientsOptions) {
    const { access } = options;
    // Nothing of who runs this process: a request without the person's token must be nobody's.
    this.#options = { ...options, access: { ...access, user: {} } };
    this.#connection = new Connection(this.#options.access);
  }

  /** A client with a token and no other credentials. It is asked for at each request, as it may be renewed meanwhile. */
  clientFor(token: () => string): KubernetesClient {
    const { access } = this.#options;
    const user = {
      get token() {
        return token();
      },
    };
    return new KubernetesClient({
      ...this.#options,
      access: { ...access, user, origin: "the token of who signed in" },
      connection: this.#connection,
    });
  }

  /** Cuts every connection. */
  close(): Promise<void> {
    return this.#connection.close();
  }
}
