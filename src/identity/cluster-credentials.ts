import { ApiError } from "../api/error.ts";
import type { MachineCredential } from "../api/machine-credential.ts";
import { parseMachineCredential } from "../api/parse-machine-credential.ts";
import { machineCredentials } from "../api/resources.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { resource } from "../kubernetes/resource.ts";
import { Credentials } from "./credentials.ts";
import { IdentityError } from "./error.ts";

export const machineCredentialResource = resource(machineCredentials);

/** Changes that arrive within this many milliseconds are taken together. A revocation counts within a second. */
const gatherMs = 100;

export interface ClusterCredentialsOptions {
  readonly client: Pick<KubernetesClient, "each" | "watch">;
  readonly observe: (resource: string, event: ReflectorEvent) => void;
  /** Called where what is there cannot all be kept; the credentials of before stay. */
  readonly onError: (error: unknown) => void;
  /** Called with the credentials at first, and after each change: for logs. */
  readonly onChange?: (credentials: Credentials) => void;
}

/** The MachineCredentials of a cluster, in all namespaces, as they change. One that cannot be read is left out and told. */
export class ClusterCredentials {
  /** Rejects with a KubernetesError where it is closed before the first list was read. */
  readonly synced: Promise<void>;
  readonly #options: ClusterCredentialsOptions;
  readonly #reflector: Reflector<MachineCredential>;
  readonly #ended = new AbortController();
  readonly #run: Promise<void>;
  #current = new Credentials([]);
  #timer: NodeJS.Timeout | undefined;
  #hasSynced = false;

  constructor(options: ClusterCredentialsOptions) {
    this.#options = options;
    this.#reflector = new Reflector<MachineCredential>({
      client: options.client,
      resource: machineCredentialResource,
      transform: credentialOf,
      onChange: () => this.#changed(),
      observe: (event) => options.observe(machineCredentialResource.plural, event),
    });
    this.#run = this.#reflector.run(this.#ended.signal);
    this.synced = this.#reflector.synced.then(() => {
      this.#hasSynced = true;
      this.#take();
    });
    // Whoever waits for it hears of the failure; without this, one that comes first would end the process.
    this.synced.catch(() => undefined);
  }

  /** Those that count at this moment; none before the first list was read. */
  get current(): Credentials {
    return this.#current;
  }

  async close(): Promise<void> {
    this.#ended.abort(new Error("the credentials were closed"));
    clearTimeout(this.#timer);
    await Promise.allSettled([this.synced, this.#run]);
  }

  #changed(): void {
    if (!this.#hasSynced) return;
    this.#timer ??= setTimeout(() => this.#take(), gatherMs);
  }

  #take(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#current = new Credentials(this.#reflector.store.values());
      this.#options.onChange?.(this.#current);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

/** Without its status: when it was used last changes nothing. @throws IdentityError OBJECT_INVALID */
function credentialOf(object: object): MachineCredential {
  try {
    const { status: _, ...credential } = parseMachineCredential(object);
    const { name, namespace, uid } = credential.metadata;
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    };
    return { ...credential, metadata };
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    // Without the object: somebody may have written a secret where its hash belongs.
    throw new IdentityError("OBJECT_INVALID", cause.message);
  }
}
