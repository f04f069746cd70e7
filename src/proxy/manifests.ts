import type { Snapshot } from "../inventory/snapshot.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Reference } from "../oci/reference.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import type { IndexImage } from "../registry/image.ts";
import type { ImageSource } from "../registry/images.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { Selections } from "../rewriting/selections.ts";
import { notThere, oneLine, Refusal } from "./answer.ts";
import { chooseArtifact } from "./artifacts.ts";
import type { IndexMaker } from "./index-maker.ts";
import { machineOf, profilesOf, type View } from "./view.ts";

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

interface Asked {
  readonly reference: Reference;
  readonly view: Exclude<View, { kind: "unfiltered" }>;
  readonly asker: Asker;
}

export interface ManifestsOptions {
  readonly client: RegistryClient;
  readonly images: ImageSource;
  /** The same, and artifacts with them, of indexes that hold no image. */
  readonly artifacts: ImageSource;
  readonly selections: Selections;
  readonly snapshot: () => Snapshot | undefined;
  readonly maker: IndexMaker;
  /** Whether a view's tags are answered with an index of the one build. */
  readonly answersIndex: (view: View) => boolean;
}

/** Finds the manifest for a view. By digest there is nothing to choose: it names its bytes. */
export class Manifests {
  readonly #options: ManifestsOptions;

  constructor(options: ManifestsOptions) {
    this.#options = options;
  }

  /** @throws RegistryError; Refusal where nothing fits, or the machine type is not there */
  async find(reference: Reference, view: View, asker: Asker): Promise<AnsweredManifest> {
    const { digest } = reference;
    if (digest !== undefined) return await this.#byDigest({ ...reference, digest }, asker);
    if (view.kind === "unfiltered") return await this.#asItIs(reference, asker);
    const { images, selections, snapshot } = this.#options;
    const now = snapshot();
    const profiles = now === undefined ? undefined : profilesOf(now, view);
    if (profiles === undefined) throw notThere("MANIFEST_UNKNOWN");
    const image = await images.lookupWith(reference, asker);
    if (image.kind === "manifest") return await this.#asItIs(digestOf(reference, image.descriptor.digest), asker);
    if (image.variants.length === 0 && (image.unread ?? []).length === 0) {
      return await this.#artifact(reference, { view, profiles, asker });
    }
    const how = { accelerated: true, common: true };
    const { variant, code, reason } = await selections.judge(image, profiles, how, asker.signal);
    const index = image.descriptor.digest;
    if (variant !== undefined)
      return await this.#chosen({ reference, view, asker }, { index, build: variant.digest, reason });
    // Only where runtimes choose rightly by themselves may they be given the choice.
    if (code === "runtime-matched" || code === "format-only") {
      return await this.#asItIs(digestOf(reference, index), asker);
    }
    throw nothingFor(view, image, { code, reason });
  }

  /** Artifacts are chosen from where an index holds nothing else; one without any choice is what it is. */
  async #artifact(
    reference: Reference,
    { view, profiles, asker }: Omit<Asked, "reference"> & { readonly profiles: readonly PlacedProfile[] },
  ): Promise<AnsweredManifest> {
    const image = await this.#options.artifacts.lookupWith(reference, asker);
    if (image.kind === "manifest" || image.variants.length === 0) {
      return await this.#asItIs(digestOf(reference, image.descriptor.digest), asker);
    }
    const { selected, code, reason } = await chooseArtifact(image, profiles, asker.signal);
    if (selected === null) throw nothingFor(view, image, { code, reason });
    const choice = { index: image.descriptor.digest, build: selected.digest, reason };
    return await this.#chosen({ reference, view, asker }, choice);
  }

  async #chosen(
    { reference, view, asker }: Asked,
    { index, build, reason }: { readonly index: string; readonly build: string; readonly reason: string },
  ): Promise<AnsweredManifest> {
    const told = { index, reason: oneLine(reason) };
    if (!this.#options.answersIndex(view))
      return { ...(await this.#asItIs(digestOf(reference, build), asker)), ...told };
    const { bytes, ...descriptor } = await this.#options.maker.make(digestOf(reference, index), build, asker);
    return { descriptor, ...told, bytes: async () => bytes };
  }

  /** Those of upstream, and those that were made here: also when the tag or the credential have moved since. */
  async #byDigest(reference: Reference & { readonly digest: string }, asker: Asker): Promise<AnsweredManifest> {
    const { maker } = this.#options;
    const again = async (): Promise<AnsweredManifest | undefined> => {
      const made = await maker.again(reference, asker);
      if (made === undefined) return undefined;
      const { bytes, ...descriptor } = made;
      return { descriptor, bytes: async () => bytes };
    };
    const known = maker.isMade(reference) ? await again() : undefined;
    if (known !== undefined) return known;
    try {
      return await this.#asItIs(reference, asker);
    } catch (error) {
      const made = error instanceof RegistryError && error.code === "NOT_FOUND" ? await again() : undefined;
      if (made === undefined) throw error;
      return made;
    }
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

/** A later try may read more of the index. Artifacts that a runtime would take for an image stay what they are. */
function nothingFor(
  view: Asked["view"],
  { unread = [] }: Pick<IndexImage, "unread">,
  { code, reason }: { readonly code: string; readonly reason: string },
): Refusal {
  if (code === "uncertain" && unread.length > 0) {
    return new Refusal(503, "UNKNOWN", `not all of the index can be read: ${reason}`);
  }
  return new Refusal(404, "MANIFEST_UNKNOWN", `no build for ${machineOf(view)}: ${reason}`);
}

function digestOf({ tag: _tag, ...reference }: Reference, digest: string): Reference & { readonly digest: string } {
  return { ...reference, digest };
}
