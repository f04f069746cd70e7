import type { ReselectContext } from "../../binding/reselection.ts";
import { Keyring } from "../../credentials/keyring.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import type { SigningKeys } from "../../keys/signing-keys.ts";
import type { ListedImages } from "../../lists/listed-images.ts";
import type { EntryLookup } from "../../lists/resolve.ts";
import type { RegistryClient } from "../../registry/client.ts";
import { hostMatcher } from "../../registry/hosts.ts";
import { ImageSource } from "../../registry/images.ts";
import { withCredentials } from "../../registry/with-credentials.ts";
import type { DecisionContext, ImageForm } from "../../rewriting/decide.ts";
import { type BuildLookup, listedAgain, withLists } from "../../rewriting/listed.ts";
import { ReselectMemory } from "../../rewriting/memory.ts";
import type { PullSecrets } from "../../rewriting/pull-secrets.ts";
import { Selections } from "../../rewriting/selections.ts";
import type { OwnCredentials } from "./registries.ts";

export interface DecisionsOptions {
  readonly inventory: Inventory;
  /** Absent: no list speaks for any name. */
  readonly lists?: ListedImages;
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

/** The same knowledge for both moments of a Pod. Manifest lists speak at its admission; at its binding, where a note says so. */
export interface DecisionContexts {
  readonly admission: DecisionContext & ReselectContext;
  readonly binding: DecisionContext & ReselectContext;
  /** Asks for builds of lists with the program's own credentials, where they serve that namespace. */
  readonly entries: (namespace: string | undefined) => EntryLookup;
}

/** Joins what admission and binding share: knowledge of images, and the choices that were made. */
export function decisionContexts(options: DecisionsOptions): DecisionContexts {
  const { inventory, lists, registry, allowedRegistries, pullSecrets, credentials, imageForm, atBinding, noteKeys } =
    options;
  // Pods without pull secrets share one memory, so those that the program's credentials serve need one of their own.
  const [served, unserved] = [new ReselectMemory(), new ReselectMemory()];
  const memoryOf = (namespace: string): ReselectMemory => (credentials.serve(namespace) ? served : unserved);
  const images = new ImageSource(registry);
  const selections = new Selections();
  const keyringOf = async (...[pod, namespace, signal]: Parameters<PullSecrets["of"]>): Promise<Keyring> => {
    const ofPod = await pullSecrets?.of(pod, namespace, signal);
    const own = credentials.serve(namespace) ? credentials.sources : [];
    return new Keyring(ofPod === undefined ? own : [ofPod, ...own]);
  };
  const build: BuildLookup = async (image, platform, pod, namespace, signal) => {
    const asker = { keyring: await keyringOf(pod, namespace, signal), signal, tenant: { namespace, review: signal } };
    return await withCredentials(image, asker, (access) => images.lookupAsIndex(image, platform, access));
  };
  const binding: DecisionContext & ReselectContext = {
    place: (pod) => inventory.snapshot()?.placement.place(pod).profiles,
    allocatedResources: () => inventory.snapshot()?.allocatedResources ?? new Set(),
    lookup: async (reference, pod, namespace, signal) => {
      const keyring = await keyringOf(pod, namespace, signal);
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
    ...(lists === undefined ? {} : { listed: listedAgain(lists, build) }),
  };
  const entries = (namespace: string | undefined): EntryLookup => {
    const serves = namespace === undefined || credentials.serve(namespace);
    const keyring = new Keyring(serves ? credentials.sources : []);
    return async (image, platform, signal) => {
      const asker = { keyring, signal, tenant: { namespace: namespace ?? "", review: signal } };
      return await withCredentials(image, asker, (access) => images.lookupAsIndex(image, platform, access));
    };
  };
  return { binding, entries, admission: lists === undefined ? binding : withLists(binding, lists, build) };
}
