import type { Feature } from "../hardware/feature.ts";
import { type Offer, satisfies } from "../hardware/offer.ts";
import type { Format } from "../oci/variant.ts";

/** Names that a machine may give the snapshotter of a format in its features. */
const snapshotters: Readonly<Record<Format, readonly string[]>> = {
  plain: [],
  zstd: ["zstd"],
  soci: ["soci"],
  nydus: ["nydus"],
  erofs: ["erofs"],
  estargz: ["stargz", "estargz"],
};

/** The others are layers that any runtime unpacks; these run only where their snapshotter does. */
const needsSnapshotter: readonly Format[] = ["nydus", "erofs"];

/** The features of a machine that has them all. */
export const snapshotterFeatures: readonly Feature[] = needsSnapshotter.map((value) => ({
  namespace: "snapshotter",
  value,
}));

/** The feature that some machine would have to offer for this format to run; undefined where none is missing. */
export function missingSnapshotter(format: Format, offers: readonly Offer[]): Feature | undefined {
  return needsSnapshotter.includes(format) && !isDeclared(format, offers)
    ? { namespace: "snapshotter", value: format }
    : undefined;
}

/** Whether every machine says that it has the snapshotter for this format. */
export function isDeclared(format: Format, offers: readonly Offer[]): boolean {
  const names = snapshotters[format];
  return (
    names.length > 0 &&
    offers.every((offer) => names.some((value) => satisfies(offer, { namespace: "snapshotter", value })))
  );
}
