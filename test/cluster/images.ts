import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type ArchiveFile, tarArchive } from "./archive.ts";
import { ClusterError } from "./error.ts";

export interface TestImage {
  /** `HOST:PORT` of a registry that takes anonymous pushes over plain HTTP. */
  readonly host: string;
  readonly repository: string;
  /** Tag, or absent to push by digest only. */
  readonly reference?: string;
  /** The files of each layer; equal layers are stored once. */
  readonly layers: readonly (readonly ArchiveFile[])[];
  /** The container's configuration in the image-spec's words: Entrypoint, Cmd, Env. */
  readonly config?: {
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
  };
  readonly os?: string;
  readonly architecture?: string;
  readonly signal: AbortSignal;
}

/** What an index or a pull needs to know of what was pushed. */
export interface Pushed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const manifest = "application/vnd.oci.image.manifest.v1+json";
const configMediaType = "application/vnd.oci.image.config.v1+json";
const layer = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Builds an image of a few files and pushes it. */
export async function pushTestImage(image: TestImage): Promise<Pushed> {
  const tars = image.layers.map(tarArchive);
  const layers = tars.map((tar) => describe(layer, gzipSync(tar, { level: 1 })));
  const config = describe(
    configMediaType,
    Buffer.from(
      JSON.stringify({
        os: image.os ?? "linux",
        architecture: image.architecture ?? (process.arch === "x64" ? "amd64" : process.arch),
        config: image.config ?? {},
        rootfs: { type: "layers", diff_ids: tars.map(sha256) },
      }),
    ),
  );
  for (const blob of [...layers, config]) await pushBlob(image, blob);
  const strip = ({ mediaType, digest, size }: Blob): Pushed => ({ mediaType, digest, size });
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: manifest, config: strip(config), layers: layers.map(strip) }),
  );
  return pushManifest({ ...image, mediaType: manifest, body });
}

/** Pushes a manifest, byte for byte, under its tag or else its digest. */
async function pushManifest(
  to: Pick<TestImage, "host" | "reference" | "repository" | "signal"> & { mediaType: string; body: Uint8Array },
): Promise<Pushed> {
  const { content: _, ...pushed } = describe(to.mediaType, to.body);
  const url = `http://${to.host}/v2/${to.repository}/manifests/${to.reference ?? pushed.digest}`;
  await send("PUT", url, to.signal, 201, to.body, to.mediaType);
  return pushed;
}

interface Blob extends Pushed {
  readonly content: Uint8Array;
}

function describe(mediaType: string, content: Uint8Array): Blob {
  return { mediaType, content, digest: sha256(content), size: content.length };
}

function sha256(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** distribution-spec, "Pushing a blob monolithically": POST for a session, PUT with the content. */
async function pushBlob({ host, repository, signal }: TestImage, { content, digest }: Blob): Promise<void> {
  const session = await send("POST", `http://${host}/v2/${repository}/blobs/uploads/`, signal, 202);
  const location = session.headers.get("location");
  if (location === null) throw new ClusterError("COMMAND", `the registry ${host} gave no place for an upload`);
  const target = new URL(location, `http://${host}`);
  target.searchParams.set("digest", digest);
  await send("PUT", target.href, signal, 201, content, "application/octet-stream");
}

async function send(
  method: string,
  url: string,
  signal: AbortSignal,
  wanted: number,
  body?: Uint8Array,
  contentType?: string,
): Promise<Response> {
  const response = await fetch(url, {
    method,
    signal,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    ...(contentType === undefined ? {} : { headers: { "content-type": contentType } }),
  });
  const said = await response.text();
  if (response.status === wanted) return response;
  throw new ClusterError("COMMAND", `${method} ${url} answered ${response.status}: ${said.slice(0, 500)}`);
}
