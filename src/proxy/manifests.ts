import type { Snapshot } from "../inventory/snapshot.ts";
import type { SpokenList } from "../lists/list.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { isDigestTag, type Reference } from "../oci/reference.ts";
import type { Variant } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import type { IndexImage } from "../registry/image.ts";
import type { ImageSource } from "../registry/images.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { Selections } from "../rewriting/selections.ts";
import { notKnown, notThere, oneLine, Refusal } from "./answer.ts";
import { chooseArtifact } from "./artifacts.ts";
import type { IndexMaker } from "./index-maker.ts";
import type { MadeListIndex } from "./list-index.ts";
import { type DigestReference, type Found, isEmpty, type ListedNames } from "./listed-names.ts";
import { isMissing } from "./missing.ts";
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

interface Chosen {
  readonly image: IndexImage;
  readonly build: Pick<Variant, "digest" | "name">;
  readonly reason: string;
}

export interface ManifestsOptions {
  readonly client: RegistryClient;
  readonly images: ImageSource;
  /** The same, and artifacts with them, of indexes that hold no image. */
  readonly artifacts: ImageSource;
  readonly selections: Selections;
  readonly snapshot: () => Snapshot | undefined;
  readonly maker: IndexMaker;
  readonly lists: ListedNames;
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
    const { digest, tag = "" } = reference;
    if (digest !== undefined) return await this.#byDigest({ ...reference, digest }, asker);
    const { images, lists, selections, snapshot } = this.#options;
    const list = lists.listFor(reference);
    if (view.kind === "unfiltered") return await this.#unfiltered(list, reference, asker);
    // What refers to a digest is nothing to choose from.
    if (list === undefined && isDigestTag(tag)) return await this.#asItIs(reference, asker);
    const now = snapshot();
    const profiles = now === undefined ? undefined : profilesOf(now, view);
    if (profiles === undefined) throw notThere("MANIFEST_UNKNOWN");
    const asked = { reference, view, asker };
    const image =
      list === undefined
        ? await images.lookupWith(reference, asker)
        : await lists.image(list, reference, asker, "images");
    if (image.kind === "manifest") return await this.#asItIs(digestOf(reference, image.descriptor.digest), asker);
    if (isEmpty(image)) return await this.#artifact(asked, list, profiles);
    const how = { accelerated: true, common: true };
    const { variant, code, reason } = await selections.judge(image, profiles, how, asker.signal);
    if (variant !== undefined) return await this.#chosen(asked, { image, build: variant, reason });
    // Only where runtimes choose rightly by themselves may they be given the choice. No runtime sees a list.
    if (list === undefined && (code === "runtime-matched" || code === "format-only")) {
      return await this.#asItIs(digestOf(reference, image.descriptor.digest), asker);
    }
    throw nothingFor(view, image, { code, reason });
  }

  /** All that upstream has, or the index of a list's builds. @throws RegistryError; Refusal where that is not whole */
  async #unfiltered(list: SpokenList | undefined, reference: Reference, asker: Asker): Promise<AnsweredManifest> {
    if (list === undefined) return await this.#asItIs(reference, asker);
    const { lists } = this.#options;
    const images = await lists.image(list, reference, asker, "images");
    const image = isEmpty(images) ? await lists.image(list, reference, asker, "artifacts") : images;
    if (image.incomplete === true || (image.unasked ?? []).length > 0) throw notWhole(list.shown);
    if (image.variants.length === 0) throw noBuildOf(list);
    const { manifest, untold } = await this.#indexOf(reference, image);
    if (untold !== undefined) throw notTold(list.shown, untold);
    return answerOf(manifest);
  }

  /** @throws Refusal where the list leads to more than an index holds */
  async #indexOf(reference: Reference, image: IndexImage): Promise<MadeListIndex> {
    try {
      return await this.#options.lists.index(reference, image);
    } catch (error) {
      if (error instanceof RegistryError && error.code === "INVALID") throw new Refusal(502, "UNKNOWN", error.message);
      throw error;
    }
  }

  /** Artifacts are chosen from where an index holds nothing else; one without any choice is what it is. */
  async #artifact(
    asked: Asked,
    list: SpokenList | undefined,
    profiles: readonly PlacedProfile[],
  ): Promise<AnsweredManifest> {
    const { reference, view, asker } = asked;
    const { artifacts, lists } = this.#options;
    const image =
      list === undefined
        ? await artifacts.lookupWith(reference, asker)
        : await lists.image(list, reference, asker, "artifacts");
    if (list !== undefined && image.kind === "index" && (image.unasked ?? []).length > 0) throw notWhole(list.shown);
    if (image.kind === "manifest" || image.variants.length === 0) {
      if (list !== undefined) throw noBuildOf(list);
      return await this.#asItIs(digestOf(reference, image.descriptor.digest), asker);
    }
    const { selected, code, reason } = await chooseArtifact(image, profiles, asker.signal);
    if (selected === null) throw nothingFor(view, image, { code, reason });
    return await this.#chosen(asked, { image, build: selected, reason });
  }

  async #chosen({ reference, view, asker }: Asked, { image, build, reason }: Chosen): Promise<AnsweredManifest> {
    const { answersIndex, lists, maker } = this.#options;
    const listed = image.madeOf === undefined ? undefined : await this.#indexOf(reference, image);
    const index = listed?.manifest.digest ?? image.descriptor.digest;
    const told = { index, reason: oneLine(reason) };
    if (answersIndex(view)) {
      return { ...answerOf(await maker.make(digestOf(reference, index), build.digest, asker)), ...told };
    }
    const source = listed?.sources.get(build.digest);
    if (source === undefined) return { ...(await this.#asItIs(digestOf(reference, build.digest), asker)), ...told };
    return { ...answerOf(await lists.build(source, build.digest, asker)), ...told };
  }

  /** Those of upstream, and those that were made here: also when the tag, the list or the credential have moved since. */
  async #byDigest(reference: DigestReference, asker: Asker): Promise<AnsweredManifest> {
    const { lists, maker } = this.#options;
    const known = lists.known(reference);
    if (known !== undefined) return await this.#found(known, reference.digest, asker);
    const made = maker.isMade(reference) ? await maker.again(reference, asker) : undefined;
    if (made !== undefined && made !== "unreadable") return answerOf(made);
    try {
      return await this.#asItIs(reference, asker);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return await this.#fromElsewhere(reference, asker, error);
    }
  }

  /** A digest that its upstream does not have. @throws `missing` where nobody has it; Refusal where nobody can say that */
  async #fromElsewhere(reference: DigestReference, asker: Asker, missing: unknown): Promise<AnsweredManifest> {
    const { lists, maker } = this.#options;
    const again = await maker.again(reference, asker);
    if (again !== undefined && again !== "unreadable") return answerOf(again);
    const found = await lists.find(reference, asker);
    if (found !== undefined && found !== "unreadable") return await this.#found(found, reference.digest, asker);
    throw again === undefined && found === undefined ? missing : notKnown();
  }

  async #found(found: Found, digest: string, asker: Asker): Promise<AnsweredManifest> {
    if ("made" in found) return answerOf(found.made);
    return answerOf(await this.#options.lists.build(found.source, digest, asker));
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
  { unread = [], unasked = [] }: Pick<IndexImage, "unread" | "unasked">,
  { code, reason }: { readonly code: string; readonly reason: string },
): Refusal {
  if (code === "uncertain" && unread.length + unasked.length > 0) {
    return new Refusal(503, "UNKNOWN", `not all of the index can be read: ${reason}`);
  }
  return new Refusal(404, "MANIFEST_UNKNOWN", `no build for ${machineOf(view)}: ${reason}`);
}

function notWhole(shown: string): Refusal {
  return new Refusal(503, "UNKNOWN", `not all builds of ${shown} can be asked for now`);
}

function notTold(shown: string, build: string): Refusal {
  const why = "an index has no place for a third demand on one namespace of features";
  return new Refusal(502, "UNKNOWN", `${shown}: ${why}, as ${build.slice(0, 19)} has`);
}

function noBuildOf({ shown }: SpokenList): Refusal {
  return new Refusal(404, "MANIFEST_UNKNOWN", `no build of ${shown} is there`);
}

function answerOf({ bytes, ...descriptor }: Manifest): AnsweredManifest {
  return { descriptor, bytes: async () => bytes };
}

function digestOf({ tag: _tag, ...reference }: Reference, digest: string): DigestReference {
  return { ...reference, digest };
}
