import type { KubernetesClient, WatchOptions } from "../../../kubernetes/client/client.ts";
import type { ListOptions, WatchEvent } from "../../../kubernetes/client/requests.ts";
import { KubernetesError } from "../../../kubernetes/error.ts";
import type { CollectionTarget } from "../../../kubernetes/resource.ts";
import type { Member } from "./member.ts";

/**
 * A client for one reflector that acts with one member's token at a time. When it is handed to another, what runs ends,
 * and the reflector goes on with the other's token from where it was: nothing is listed again.
 */
export class OwnedClient implements Pick<KubernetesClient, "each" | "watch"> {
  #owner: { readonly member: Member; readonly ended: AbortController } | undefined;

  get owner(): Member | undefined {
    return this.#owner?.member;
  }

  /** Undefined: nobody's. Requests under way are cut off. */
  handTo(member: Member | undefined): void {
    const former = this.#owner;
    this.#owner = member === undefined ? undefined : { member, ended: new AbortController() };
    former?.ended.abort(handedOver());
  }

  each(target: CollectionTarget, options: ListOptions, onItem: (item: unknown) => void): Promise<string> {
    const { client, signal } = this.#current(options.signal);
    return client.each(target, { ...options, signal }, onItem);
  }

  async *watch(target: CollectionTarget, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const { client, signal } = this.#current(options.signal);
    yield* client.watch(target, { ...options, signal });
  }

  #current(signal: AbortSignal) {
    if (this.#owner === undefined) throw handedOver();
    const { member, ended } = this.#owner;
    return { client: member.client, signal: AbortSignal.any([signal, ended.signal]) };
  }
}

const reason = "HandedOver";

function handedOver(): KubernetesError {
  return new KubernetesError("CLOSED", "the watch goes on with somebody else's token", { reason });
}

/** Whether a watch ended because it was handed over: no failure of anything. */
export function isHandover(error: KubernetesError): boolean {
  return error.reason === reason;
}
