import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { z } from "zod";
import { computeDigest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { ociIndex } from "../oci/media-types.ts";
import { type ListIndex, type Source, sourceOf } from "./list-index.ts";
import { jsonOf, type RecordForm } from "./shared-record.ts";

/** Bytes of an index with the repositories of its builds, and characters of them packed: 1,024 builds take some 110 KiB. */
const mostContent = 2 * 1_048_576;
const mostPacked = 160 * 1_024;

const lineSchema = z.object({
  /** When a list last led to it, ms since the epoch. */
  led: z.number().int(),
  /** The asked repository, as in `Reference.name`. */
  name: z.string().max(512),
  /** The digest of the index that the list made. */
  digest: z.string().max(200),
  /** The index and where its builds are (`contentSchema`): JSON, deflated (RFC 1951), in base64. */
  packed: z.string().max(mostPacked),
});
const contentSchema = z.object({
  text: z.string(),
  /** By digest of the build, the repository. */
  sources: z.record(z.string().max(200), z.string().max(512)),
});

/** An index that a list led to under a name, as it is written down. */
export type LedLine = z.infer<typeof lineSchema>;

export const ledForm: RecordForm<LedLine> = {
  keyOf: ({ name, digest }) => `${name} ${digest}`,
  write: ({ led, name, digest, packed }) => JSON.stringify({ led, name, digest, packed }),
  read: (text) => lineSchema.safeParse(jsonOf(text)).data,
};

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Undefined where it is too long to be written down. */
export async function packLine(led: number, name: string, index: ListIndex): Promise<LedLine | undefined> {
  const { manifest, sources } = index;
  const named = [...sources].map(([digest, source]) => [digest, source.name]);
  const text = Buffer.from(manifest.bytes).toString("utf8");
  const content = JSON.stringify({ text, sources: Object.fromEntries(named) });
  if (Buffer.byteLength(content) > mostContent) return undefined;
  const packed = (await deflate(content)).toString("base64");
  return packed.length > mostPacked ? undefined : { led, name, digest: manifest.digest, packed };
}

/** Undefined where it is not what it says that it is. */
export async function unpackLine({ digest, packed }: LedLine): Promise<ListIndex | undefined> {
  const content = contentSchema.safeParse(jsonOf(await unpack(packed))).data;
  if (content === undefined) return undefined;
  const bytes = Buffer.from(content.text);
  if (computeDigest(bytes) !== digest) return undefined;
  const manifest = { bytes, mediaType: ociIndex, size: bytes.length, digest };
  return { manifest, sources: readSources(content.sources) };
}

/** Empty where it cannot be unpacked, or would take more room than it may. */
async function unpack(packed: string): Promise<string> {
  try {
    return (await inflate(Buffer.from(packed, "base64"), { maxOutputLength: mostContent })).toString("utf8");
  } catch (error) {
    if (isOfZlib(error)) return "";
    throw error;
  }
}

/** `Z_DATA_ERROR` and the like, or longer than `maxOutputLength`. */
function isOfZlib(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error)) return false;
  return error.code === "ERR_BUFFER_TOO_LARGE" || String(error.code).startsWith("Z_");
}

/** Without those that are none. */
function readSources(sources: z.infer<typeof contentSchema>["sources"]): ReadonlyMap<string, Source> {
  const read = new Map<string, Source>();
  for (const [digest, text] of Object.entries(sources)) {
    try {
      read.set(digest, sourceOf(text));
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
    }
  }
  return read;
}
