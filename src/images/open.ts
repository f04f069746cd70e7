import type { ListedImages } from "../lists/listed-images.ts";
import { listOf } from "../oci/flatten.ts";
import type { Reference } from "../oci/reference.ts";
import type { Variant, VariantList } from "../oci/variant.ts";
import type { CommandContext } from "../process/context.ts";
import type { Image } from "../registry/images.ts";
import { readLayout } from "../registry/layout.ts";
import type { ImageOptions } from "./connect.ts";
import { formatImageName, type ImageName, parseImageName } from "./name.ts";
import type { RemoteImages } from "./remote.ts";

/** An image that was asked about, read. */
export interface OpenedImage {
  readonly name: ImageName;
  /** As it is shown: `qnib/bench:latest`, `oci:DIR:TAG`. */
  readonly shown: string;
  /** Digest of the index, or of the one build. */
  readonly digest: string;
  /** Undefined where it is one build and no index. */
  readonly list: VariantList | undefined;
  /** The manifest list that it was made of. */
  readonly madeOf?: string;
  /** A sentence on lists that speak for the name too, and do not count. */
  readonly conflict?: string;
  /** Builds of that list whose registry does not answer. */
  readonly unasked?: readonly Variant[];
}

/** Manifest lists that speak for names, to somebody of a namespace. */
export interface SpeakingLists {
  readonly lists: ListedImages;
  readonly namespace: string;
}

/**
 * Opens images in the order given: layouts from disk, everything else from its registry. The registry client is loaded
 * only where one is asked, as it costs more than all else. @throws UsageError, OciError, RegistryError, CredentialsError
 */
export async function openImages(
  texts: readonly string[],
  options: ImageOptions,
  context: CommandContext,
  speaking?: SpeakingLists,
): Promise<readonly OpenedImage[]> {
  const names = texts.map(parseImageName);
  const references = names.flatMap((name) => (name.kind === "reference" ? [name.reference] : []));
  if (references.length === 0) return await Promise.all(names.map((name) => openLayout(name, context.signal)));
  const { RemoteImages: Remote } = await import("./remote.ts");
  const remote = await Remote.create([...references, ...entriesFor(references, speaking)], options, context);
  try {
    return await Promise.all(
      names.map(async (name): Promise<OpenedImage> => {
        if (name.kind === "layout") return await openLayout(name, context.signal);
        const image = await lookup(name.reference, remote, context.signal, speaking);
        const shown = formatImageName(name);
        if (image.kind !== "index") return { name, shown, digest: image.descriptor.digest, list: undefined };
        const { madeOf, unasked } = image;
        return {
          name,
          shown,
          digest: image.descriptor.digest,
          list: listOf(image),
          ...(madeOf === undefined ? {} : { madeOf: madeOf.shown }),
          ...(madeOf?.conflict === undefined ? {} : { conflict: madeOf.conflict }),
          ...(unasked === undefined ? {} : { unasked }),
        };
      }),
    );
  } finally {
    await remote.close();
  }
}

async function lookup(
  reference: Reference,
  remote: RemoteImages,
  signal: AbortSignal,
  { lists, namespace }: Partial<SpeakingLists> = {},
): Promise<Image> {
  const list = lists?.listFor(reference, namespace);
  if (lists === undefined || list === undefined) return await remote.lookup(reference, signal);
  return await lists.image(list, reference, (image, platform, ended) => remote.build(image, platform, ended), signal);
}

function entriesFor(references: readonly Reference[], speaking: SpeakingLists | undefined): readonly Reference[] {
  const lists = references.map((reference) => speaking?.lists.listFor(reference, speaking.namespace));
  return lists.flatMap((list) => list?.entries.map(({ image }) => image) ?? []);
}

async function openLayout(name: ImageName, signal: AbortSignal): Promise<OpenedImage> {
  if (name.kind !== "layout") throw new TypeError("not a layout");
  const shown = formatImageName(name);
  const { descriptor, list } = await readLayout(name.directory, name, { label: shown, signal });
  return { name, shown, digest: descriptor.digest, list };
}
