import type { ReselectContext } from "../../binding/reselection.ts";
import { type CredentialSource, Keyring } from "../../credentials/keyring.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import type { RegistryClient } from "../../registry/client.ts";
import { hostMatcher } from "../../registry/hosts.ts";
import { ImageSource } from "../../registry/images.ts";
import type { DecisionContext, ImageForm } from "../../rewriting/decide.ts";
import { ReselectMemory } from "../../rewriting/memory.ts";
import type { PullSecrets } from "../../rewriting/pull-secrets.ts";
import { Selections } from "../../rewriting/selections.ts";

export interface DecisionsOptions {
  readonly inventory: Inventory;
  readonly registry: RegistryClient;
  /** Hosts that may be asked; `*` for any. */
  readonly allowedRegistries: readonly string[];
  /** Absent: Pods' imagePullSecrets are not read. */
  readonly pullSecrets: PullSecrets | undefined;
  /** The program's own credentials, tried after the Pod's. */
  readonly credentials: readonly CredentialSource[];
  readonly imageForm: ImageForm;
  readonly atBinding: boolean;
}

/** Joins what admission and binding share: knowledge of images, and the choices that were made. */
export function decisionContext(options: DecisionsOptions): DecisionContext & ReselectContext {
  const { inventory, registry, allowedRegistries, pullSecrets, credentials, imageForm, atBinding } = options;
  const memory = new ReselectMemory();
  const images = new ImageSource(registry);
  const selections = new Selections();
  return {
    place: (pod) => inventory.snapshot()?.placement.place(pod).profiles,
    allocatedResources: () => inventory.snapshot()?.allocatedResources ?? new Set(),
    lookup: async (reference, pod, namespace, signal) => {
      const ofPod = await pullSecrets?.of(pod, namespace, signal);
      const keyring = new Keyring(ofPod === undefined ? credentials : [ofPod, ...credentials]);
      const image = await images.lookupWith(reference, { keyring, signal });
      memory.put(reference, pod, namespace, image);
      return image;
    },
    remembered: (reference, digest, pod, namespace) => memory.get(reference, digest, pod, namespace),
    judge: (image, landings, how, signal) => selections.judge(image, landings, how, signal),
    mayAsk: hostMatcher(allowedRegistries),
    imageForm,
    atBinding,
  };
}
