import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { type Resource, resource } from "../kubernetes/resource.ts";
import { patchOf, type Wanted } from "./called.ts";
import { KeeperError } from "./error.ts";

export type ConfigurationKind = "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";

/** One webhook configuration, by its kind and name. */
export interface ConfigurationName {
  readonly kind: ConfigurationKind;
  readonly name: string;
}

const plurals = {
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
} as const;

/** Where somebody reorders the webhooks between read and patch, a `test` operation fails, and it is read again. */
const attempts = 5;

export function configurationResource(kind: ConfigurationKind): Resource {
  return resource({ group: "admissionregistration.k8s.io", version: "v1", plural: plurals[kind], namespaced: false });
}

/** For messages: `MutatingWebhookConfiguration metahub-webhook`. */
export function placeOf({ kind, name }: ConfigurationName): string {
  return `${kind} ${name}`;
}

/** Reads and patches webhook configurations, by their names alone. */
export class Configurations {
  readonly #client: Pick<KubernetesClient, "get" | "patch" | "delete">;

  constructor(client: Pick<KubernetesClient, "get" | "patch" | "delete">) {
    this.#client = client;
  }

  /** Undefined where there is none. @throws KubernetesError */
  async read(named: ConfigurationName, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    try {
      return await this.#client.get(targetOf(named), { signal });
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /**
   * Makes every webhook of it say what is wanted. Resolves to true where something was written.
   * @throws KubernetesError where it cannot be read, KeeperError CONFIGURATION_UNWRITTEN
   */
  async write(named: ConfigurationName, wanted: Wanted, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const operations = patchOf(await this.read(named, signal), wanted);
      if (operations.length === 0) return false;
      try {
        await this.#client.patch(
          targetOf(named),
          { type: "json", operations },
          { signal, fieldManager: "metahub-keeper" },
        );
        return true;
      } catch (error) {
        if (isKubernetesError(error, "NOT_FOUND")) return false;
        if (attempt < attempts && isKubernetesError(error, "INVALID", "CONFLICT")) continue;
        throw withoutSegment(error, named, wanted);
      }
    }
  }

  /** Where it is still the one that was read. @throws KubernetesError */
  async remove(named: ConfigurationName, read: KubernetesObject, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = read.metadata;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    try {
      await this.#client.delete(targetOf(named), { signal, preconditions });
    } catch (error) {
      if (!isKubernetesError(error, "NOT_FOUND", "CONFLICT")) throw error;
    }
  }
}

/** An API server repeats the path that it refuses, and what is thrown here is logged: so no cause either. */
function withoutSegment(error: unknown, named: ConfigurationName, { segment = "" }: Wanted): KeeperError {
  const reason = error instanceof Error ? error.message : String(error);
  const told = segment === "" ? reason : reason.replaceAll(segment, "…");
  return new KeeperError("CONFIGURATION_UNWRITTEN", `${placeOf(named)} cannot be written: ${told}`);
}

function targetOf({ kind, name }: ConfigurationName) {
  return { resource: configurationResource(kind), name };
}
