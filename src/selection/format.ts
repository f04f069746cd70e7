import type { Feature } from "../hardware/feature.ts";
import { type Offer, satisfies } from "../hardware/offer.ts";
import type { Format } from "../oci/variant.ts";

/** What a machine may call the snapshotter of a format in its features. */
const SNAPSHOTTERS: Readonly<Record<Format, readonly string[]>> = {
  plain: [],
  zstd: ["zstd"],
  soci: ["soci"],
  nydus: ["nydus"],
  erofs: ["erofs"],
  estargz: ["stargz", "estargz"],
};

/** The others are layers that any runtime unpacks; these run only where their snapshotter does. */
const NEEDS_SNAPSHOTTER: readonly Format[] = ["nydus", "erofs"];

/** The feature that some machine would have to offer for this format to run; undefined where none is missing. */
export function missingSnapshotter(format: Format, offers: readonly Offer[]): Feature | undefined {
  return NEEDS_SNAPSHOTTER.includes(format) && !isDeclared(format, offers)
    ? { namespace: "snapshotter", value: format }
    : undefined;
}

/** Whether every machine says that it has the snapshotter for this format. */
export function isDeclared(format: Format, offers: readonly Offer[]): boolean {
  const names = SNAPSHOTTERS[format];
  return (
    names.length > 0 &&
    offers.every((offer) => names.some((value) => satisfies(offer, { namespace: "snapshotter", value })))
  );
}
