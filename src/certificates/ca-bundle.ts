import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { JsonPatchOperation } from "../kubernetes/client/requests.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import { isRecord } from "../kubernetes/object.ts";
import { CertificateError } from "./error.ts";
import type { CaBundleWriter } from "./store.ts";

export type WebhookConfigurationKind = "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";

const plurals = {
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
} as const;

/** Tries to write one bundle. Where somebody reorders the webhooks between read and patch, a `test` operation fails. */
const attempts = 5;

/**
 * Writes the bundle into `clientConfig.caBundle` of every webhook of one configuration, and nothing else: by a JSON
 * patch, so that get and patch on this one name are all the rights it takes.
 */
export class WebhookCaBundle implements CaBundleWriter {
  readonly place: string;
  readonly #client: KubernetesClient;
  readonly #target;

  constructor(client: KubernetesClient, kind: WebhookConfigurationKind, name: string) {
    this.place = `${kind} ${name}`;
    this.#client = client;
    const plural = plurals[kind];
    this.#target = {
      resource: { group: "admissionregistration.k8s.io", version: "v1", plural, namespaced: false },
      name,
    };
  }

  async write(bundle: string, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        const operations = toPatch(await this.#client.get(this.#target, { signal }), bundle);
        if (operations.length === 0) return false;
        await this.#client.patch(
          this.#target,
          { type: "json", operations },
          { signal, fieldManager: "metahub-certificates" },
        );
        return true;
      } catch (cause) {
        if (signal.aborted) throw cause;
        if (isKubernetesError(cause, "INVALID", "CONFLICT") && attempt < attempts) continue;
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new CertificateError(
          "STORE_FAILED",
          `${this.place}: the certificate authority cannot be written into it, so the API server may not trust the webhook: ${reason}`,
          { cause },
        );
      }
    }
  }
}

/** The operations that give every webhook this bundle; none where all have it. */
export function toPatch(configuration: unknown, bundle: string): readonly JsonPatchOperation[] {
  const wanted = Buffer.from(bundle, "utf8").toString("base64");
  const webhooks = isRecord(configuration) ? configuration["webhooks"] : undefined;
  if (!Array.isArray(webhooks)) return [];
  return webhooks.flatMap((webhook: unknown, index): JsonPatchOperation[] => {
    const clientConfig = isRecord(webhook) ? webhook["clientConfig"] : undefined;
    if (!isRecord(webhook) || !isRecord(clientConfig) || clientConfig["caBundle"] === wanted) return [];
    return [
      { op: "test", path: `/webhooks/${index}/name`, value: webhook["name"] },
      { op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted },
    ];
  });
}
