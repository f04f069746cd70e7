import { listOf } from "../oci/flatten.ts";
import type { VariantList } from "../oci/variant.ts";
import type { CommandContext } from "../process/context.ts";
import { readLayout } from "../registry/layout.ts";
import type { ImageOptions } from "./connect.ts";
import { formatImageName, type ImageName, parseImageName } from "./name.ts";

/** An image that was asked about, read. */
export interface OpenedImage {
  readonly name: ImageName;
  /** As it is shown: `qnib/bench:latest`, `oci:DIR:TAG`. */
  readonly shown: string;
  /** Digest of the index, or of the one build. */
  readonly digest: string;
  /** Undefined where it is one build and no index. */
  readonly list: VariantList | undefined;
}

/**
 * Opens images in the order given: layouts from disk, everything else from its registry. The registry client is loaded
 * only where one is asked, as it costs more than all else. @throws UsageError, OciError, RegistryError, CredentialsError
 */
export async function openImages(
  texts: readonly string[],
  options: ImageOptions,
  context: CommandContext,
): Promise<readonly OpenedImage[]> {
  const names = texts.map(parseImageName);
  const references = names.flatMap((name) => (name.kind === "reference" ? [name.reference] : []));
  if (references.length === 0) return await Promise.all(names.map((name) => openLayout(name, context.signal)));
  const { RemoteImages } = await import("./remote.ts");
  const remote = await RemoteImages.create(references, options, context);
  try {
    return await Promise.all(
      names.map(async (name): Promise<OpenedImage> => {
        if (name.kind === "layout") return await openLayout(name, context.signal);
        const image = await remote.lookup(name.reference, context.signal);
        const list = image.kind === "index" ? listOf(image) : undefined;
        return { name, shown: formatImageName(name), digest: image.descriptor.digest, list };
      }),
    );
  } finally {
    await remote.close();
  }
}

async function openLayout(name: ImageName, signal: AbortSignal): Promise<OpenedImage> {
  if (name.kind !== "layout") throw new TypeError("not a layout");
  const shown = formatImageName(name);
  const { descriptor, list } = await readLayout(name.directory, name, { label: shown, signal });
  return { name, shown, digest: descriptor.digest, list };
}
