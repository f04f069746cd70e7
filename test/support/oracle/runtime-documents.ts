import { computeDigest } from "../../../src/oci/digest.ts";
import { dockerManifest, ociConfig, ociIndex, ociManifest } from "../../../src/oci/media-types.ts";
import type { MadeEntry } from "./runtime-cases.ts";

/** The content of a made-up index: each manifest is one of its own, named by its place. */
export interface MadeIndex {
  readonly root: string;
  /** By digest; configurations that are absent are not there. */
  readonly blobs: ReadonlyMap<string, string>;
  /** `2`, `0.1`: where each manifest stands, by its digest. */
  readonly places: ReadonlyMap<string, string>;
}

/** Writes the documents that runtimes would be served. */
export function documentsOf(entries: readonly MadeEntry[]): MadeIndex {
  const blobs = new Map<string, string>();
  const places = new Map<string, string>();
  const put = (text: string): Content => {
    const digest = computeDigest(new TextEncoder().encode(text));
    blobs.set(digest, text);
    return { digest, size: Buffer.byteLength(text) };
  };
  const index = (list: readonly MadeEntry[], prefix: string): Content => {
    const manifests = list.map((made, at) => descriptorOf(made, `${prefix}${at}`));
    return put(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests, annotations: { place: prefix } }));
  };
  const descriptorOf = (made: MadeEntry, place: string): object => {
    const platform = made.platform === undefined ? {} : { platform: made.platform };
    if (made.kind === "index") return { mediaType: ociIndex, ...index(made.entries, `${place}.`), ...platform };
    if (made.kind === "alien")
      return { mediaType: "application/vnd.example.list+json", ...put(`"${place}"`), ...platform };
    const manifest = manifestOf(made, place, put);
    if (made.kind === "image" && made.config === "absent") blobs.delete(manifest.config);
    const content = put(manifest.text);
    places.set(content.digest, place);
    return { mediaType: manifest.mediaType, ...content, ...platform, ...manifest.marks };
  };
  return { root: index(entries, "").digest, blobs, places };
}

interface Content {
  readonly digest: string;
  readonly size: number;
}

const emptyType = "application/vnd.oci.empty.v1+json";

function manifestOf(
  made: Extract<MadeEntry, { kind: "image" | "artifact" | "attestation" }>,
  place: string,
  put: (text: string) => Content,
) {
  const mediaType = made.kind === "image" && made.docker === true ? dockerManifest : ociManifest;
  const platform = made.kind === "image" && made.config !== "absent" ? made.config : {};
  const configuration = {
    image: { ...platform, config: { Env: [place] } },
    artifact: {},
    attestation: { os: "unknown", architecture: "unknown" },
  }[made.kind];
  const config = { mediaType: made.kind === "artifact" ? emptyType : ociConfig, ...put(JSON.stringify(configuration)) };
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [], annotations: { place } });
  return { mediaType, config: config.digest, text, marks: marksOf(made) };
}

function marksOf(made: MadeEntry): object {
  if (made.kind === "artifact") return { artifactType: "application/vnd.example.thing" };
  if (made.kind === "attestation") return { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
  return made.kind === "image" && made.zstd === true
    ? { annotations: { "io.github.containers.compression.zstd": "true" } }
    : {};
}
