import type { Snapshot } from "../inventory/snapshot.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import type { ImageSource } from "../registry/images.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { Selections } from "../rewriting/selections.ts";
import { notThere, oneLine, Refusal } from "./answer.ts";
import { profilesOf, type View } from "./view.ts";

/** A manifest that is answered, and how it came to be that one. */
export interface AnsweredManifest {
  readonly descriptor: Descriptor;
  /** Digest of the index that it was chosen from. */
  readonly index?: string;
  /** One line for people. */
  readonly reason?: string;
  /** The bytes, which verify against the descriptor. */
  bytes(): Promise<Uint8Array>;
}

export interface ManifestsOptions {
  readonly client: RegistryClient;
  readonly images: ImageSource;
  readonly selections: Selections;
  readonly snapshot: () => Snapshot | undefined;
}

/** Finds the manifest for a view. By digest there is nothing to choose: it names its bytes. */
export class Manifests {
  readonly #options: ManifestsOptions;

  constructor(options: ManifestsOptions) {
    this.#options = options;
  }

  /** @throws RegistryError; Refusal where nothing fits, or the machine type is not there */
  async find(reference: Reference, view: View, asker: Asker): Promise<AnsweredManifest> {
    if (reference.digest !== undefined || view.kind === "unfiltered") return await this.#asItIs(reference, asker);
    const { images, selections, snapshot } = this.#options;
    const now = snapshot();
    const profiles = now === undefined ? undefined : profilesOf(now, view.name);
    if (profiles === undefined) throw notThere("MANIFEST_UNKNOWN");
    const image = await images.lookupWith(reference, asker);
    if (image.kind === "manifest") return await this.#asItIs(digestOf(reference, image.descriptor.digest), asker);
    const how = { accelerated: true, common: true };
    const { variant, code, reason } = await selections.judge(image, profiles, how, asker.signal);
    const index = image.descriptor.digest;
    if (variant !== undefined) {
      const chosen = await this.#asItIs(digestOf(reference, variant.digest), asker);
      return { ...chosen, index, reason: oneLine(reason) };
    }
    // Only where runtimes choose rightly by themselves may they be given the choice.
    if (code === "runtime-matched" || code === "format-only") {
      return await this.#asItIs(digestOf(reference, index), asker);
    }
    // A later try may read more. Artifacts that a runtime would take for an image stay what they are.
    const isUnread = code === "uncertain" && (image.unread ?? []).length > 0;
    if (isUnread) throw new Refusal(503, "UNKNOWN", `not all of the index can be read: ${reason}`);
    throw new Refusal(404, "MANIFEST_UNKNOWN", `no build for machine type ${view.name}: ${reason}`);
  }

  async #asItIs(reference: Reference, asker: Asker): Promise<AnsweredManifest> {
    const { client } = this.#options;
    const fetch = (digest: string): Promise<Manifest> =>
      withCredentials(reference, asker, (access) => client.manifest(digestOf(reference, digest), access));
    if (reference.digest !== undefined) {
      const { bytes, ...descriptor } = await fetch(reference.digest);
      return { descriptor, bytes: async () => bytes };
    }
    const descriptor = await withCredentials(reference, asker, (access) => client.resolve(reference, access));
    return { descriptor, bytes: async () => (await fetch(descriptor.digest)).bytes };
  }
}

function digestOf({ tag: _tag, ...reference }: Reference, digest: string): Reference {
  return { ...reference, digest };
}
