import { Gate, type GateLimits } from "./gate.ts";
import type { Tenant } from "./tenant.ts";

/** A request's place in the bounds. Each may be called once or more. */
export interface Place {
  /** The head of the answer is here: from now on a long request counts among the open streams only. */
  answered(): void;
  leave(): void;
}

/**
 * Bounds requests and open streams, each by host and in total. A long request needs a place of both kinds until its
 * answer begins, then only that of a stream: however many streams are open, and however long, look-ups find the places
 * they would find without them. Streams wait first, so nobody keeps a look-up's place while he waits for a stream's.
 */
export class Places {
  readonly #requests: Gate;
  readonly #streams: Gate;

  constructor(limits: { readonly requests: GateLimits; readonly streams: GateLimits }) {
    this.#requests = new Gate(limits.requests);
    this.#streams = new Gate(limits.streams);
  }

  /** Waits for a place. @throws RegistryError OVERLOADED where too many wait; the signal's reason where it aborts */
  async enter(
    lasting: "brief" | "long",
    host: string,
    signal: AbortSignal,
    name: string,
    tenant?: Tenant,
  ): Promise<Place> {
    if (lasting === "brief") {
      return { answered: () => undefined, leave: await this.#requests.enter(host, signal, name, tenant) };
    }
    const leaveStreams = await this.#streams.enter(host, signal, name, tenant);
    try {
      const leaveRequests = await this.#requests.enter(host, signal, name, tenant);
      return {
        answered: leaveRequests,
        leave: () => {
          leaveRequests();
          leaveStreams();
        },
      };
    } catch (error) {
      leaveStreams();
      throw error;
    }
  }
}
