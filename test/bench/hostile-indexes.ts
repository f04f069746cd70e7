import { ociIndex, ociManifest } from "../../src/oci/media-types.ts";

const builds = 1_024;
/** Features of each build: the bound of one index is 16,384. */
const features = 15;
/** Bytes of a text that leaves room for the rest of a document of 4 MiB. */
const longText = 4_000_000;

function rows<T>(length: number, of: (row: number) => T): readonly T[] {
  return Array.from({ length }, (_, row) => of(row));
}

function entry(row: number, listed: readonly string[], annotations: object = {}): object {
  return {
    mediaType: ociManifest,
    digest: `sha256:${row.toString(16).padStart(64, "0")}`,
    size: 1,
    platform: { os: "linux", architecture: "amd64" },
    annotations: { "dev.metahub.features": listed.join(","), ...annotations },
  };
}

function index(manifests: readonly object[], more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, salt: unsalted, manifests, ...more }));
}

const unsalted = "000000000000";

/** Another index of the same kind, with a digest of its own. */
export function salted(bytes: Buffer, salt: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(String(salt).padStart(unsalted.length, "0"), copy.indexOf(unsalted));
  return copy;
}

/** Indexes, by what makes them costly. All of them are read: none breaks a bound. */
export const hostileIndexes: Readonly<Record<string, () => Buffer>> = {
  "builds of which none is better": () =>
    index(
      rows(builds, (row) =>
        entry(
          row,
          rows(features, (place) => `n${(row * 7 + place * (1 + (row % 5))) % 16}:v${place}`),
        ),
      ),
    ),
  "builds that ask for the same": () => {
    const same = rows(features, (place) => `n${place}:v${place}`);
    return index(rows(builds, (row) => entry(row, [...same.slice(row % features), ...same.slice(0, row % features)])));
  },
  "builds with many versions": () =>
    index(
      rows(builds, (row) =>
        entry(
          row,
          rows(features, (place) =>
            place % 2 === 0 ? `cuda:${row % 99}.${place}` : `nvcap:${1 + ((row + place) % 9)}.${place % 10}`,
          ),
        ),
      ),
    ),
  "4 MB of escapes in one text": () => index([entry(1, ["cpu:skylake"], { x: '"'.repeat(longText / 2) })]),
  "4 MB that are not Latin": () => index([entry(1, ["cpu:skylake"], { x: "\u20ac".repeat(longText / 3) })]),
  "450,000 numbers": () => index([entry(1, ["cpu:skylake"])], { x: rows(450_000, () => 0) }),
  "450,000 platform features": () =>
    index([
      {
        ...entry(1, ["cpu:skylake"]),
        platform: { os: "linux", architecture: "amd64", features: rows(450_000, () => "a") },
      },
    ]),
  "100 entries of 2,000 annotations": () =>
    index(rows(100, (row) => entry(row, ["cpu:skylake"], Object.fromEntries(rows(2_000, (key) => [`k${key}`, ""]))))),
};

/** Places that a Pod can land on, which offer the features of these indexes, so that all of their builds fit. */
export const offeredFeatures: readonly string[] = rows(256, (row) => `n${row % 16}:v${Math.floor(row / 16)}`);

/** An index as a careful publisher makes it: 64 builds, each for another machine. */
export function ordinaryIndex(): Buffer {
  return index(rows(64, (row) => entry(row, [`n${row % 16}:v${Math.floor(row / 16)}`, "cpu:x86_64_v2"])));
}
