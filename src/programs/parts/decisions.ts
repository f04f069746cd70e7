import type { ReselectContext } from "../../binding/reselection.ts";
import { Keyring } from "../../credentials/keyring.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import type { SigningKeys } from "../../keys/signing-keys.ts";
import type { RegistryClient } from "../../registry/client.ts";
import { hostMatcher } from "../../registry/hosts.ts";
import { ImageSource } from "../../registry/images.ts";
import type { DecisionContext, ImageForm } from "../../rewriting/decide.ts";
import { ReselectMemory } from "../../rewriting/memory.ts";
import type { PullSecrets } from "../../rewriting/pull-secrets.ts";
import { Selections } from "../../rewriting/selections.ts";
import type { OwnCredentials } from "./registries.ts";

export interface DecisionsOptions {
  readonly inventory: Inventory;
  readonly registry: RegistryClient;
  /** Hosts that may be asked; `*` for any. */
  readonly allowedRegistries: readonly string[];
  /** Absent: Pods' imagePullSecrets are not read. */
  readonly pullSecrets: PullSecrets | undefined;
  /** The program's own credentials, tried after the Pod's. */
  readonly credentials: OwnCredentials;
  readonly imageForm: ImageForm;
  readonly atBinding: boolean;
  /** The keys that prove notes, as they are when it is called. */
  readonly noteKeys: () => SigningKeys;
}

/** Joins what admission and binding share: knowledge of images, and the choices that were made. */
export function decisionContext(options: DecisionsOptions): DecisionContext & ReselectContext {
  const { inventory, registry, allowedRegistries, pullSecrets, credentials, imageForm, atBinding, noteKeys } = options;
  // Pods without pull secrets share one memory, so those that the program's credentials serve need one of their own.
  const [served, unserved] = [new ReselectMemory(), new ReselectMemory()];
  const memoryOf = (namespace: string): ReselectMemory => (credentials.serve(namespace) ? served : unserved);
  const images = new ImageSource(registry);
  const selections = new Selections();
  return {
    place: (pod) => inventory.snapshot()?.placement.place(pod).profiles,
    allocatedResources: () => inventory.snapshot()?.allocatedResources ?? new Set(),
    lookup: async (reference, pod, namespace, signal) => {
      const ofPod = await pullSecrets?.of(pod, namespace, signal);
      const own = credentials.serve(namespace) ? credentials.sources : [];
      const keyring = new Keyring(ofPod === undefined ? own : [ofPod, ...own]);
      const image = await images.lookupWith(reference, { keyring, signal, tenant: { namespace, review: signal } });
      memoryOf(namespace).put(reference, pod, namespace, image);
      return image;
    },
    remembered: (reference, digest, pod, namespace) => memoryOf(namespace).get(reference, digest, pod, namespace),
    judge: (image, landings, how, signal) => selections.judge(image, landings, how, signal),
    runs: (image, digest, landings, accelerated, signal) =>
      selections.runs(image, digest, landings, accelerated, signal),
    mayAsk: hostMatcher(allowedRegistries),
    imageForm,
    atBinding,
    noteKeys,
  };
}
