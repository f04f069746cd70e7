import { readConfiguration, readConfiguredPlatform } from "../oci/configuration.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Configured } from "../oci/entry.ts";
import { OciError } from "../oci/error.ts";
import { systemClock, unlessAborted } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { RegistryError } from "./error.ts";

/** Where manifests and configurations come from. Both hand out verified content. @throws RegistryError */
export interface ContentReader {
  readonly manifest: (digest: string) => Promise<Uint8Array>;
  readonly blob: (descriptor: Descriptor) => Promise<Uint8Array>;
}

/** The answer for each entry, and whether a later try may have a better one. */
export interface ReadConfigurations {
  readonly configured: Configured;
  readonly temporary: boolean;
}

/** Entries of one index whose configurations are read; more have no platform only by mistake. */
const maxConfigurations = 16;
/** Bytes. Configurations in use have some ten thousand: the history of the build is most of them. */
export const maxConfigurationBytes = 1_048_576;
/** Bytes of an image's manifest. Those in use have some thousand: a line for each layer. */
const maxManifestBytes = 262_144;
/** Longest time for all of an index, ms: the choice among the other entries does not wait for a storage that hangs. */
const patienceMs = 1_500;
/** Entries that are read at once. */
const atOnce = 4;

/**
 * Reads the platforms of entries that name none where runtimes find them: in their image configurations. An entry that
 * cannot be read is `unread`: an index is not worth less for it than without.
 * @throws RegistryError ABORTED where the signal ends first
 */
export async function readConfigurations(
  entries: readonly Descriptor[],
  reader: ContentReader,
  signal: AbortSignal,
): Promise<ReadConfigurations> {
  const patience = new Deadline(systemClock, signal, "reading configurations", patienceMs);
  try {
    return await readAll(entries, reader, patience.signal, signal);
  } finally {
    patience.end();
  }
}

async function readAll(
  entries: readonly Descriptor[],
  reader: ContentReader,
  patience: AbortSignal,
  signal: AbortSignal,
): Promise<ReadConfigurations> {
  const digests = [...new Set(entries.map(({ digest }) => digest))];
  const configured = new Map<string, NonNullable<ReturnType<Configured["get"]>>>(
    digests.map((digest) => [digest, "unread"]),
  );
  let temporary = false;
  for (let start = 0; start < Math.min(digests.length, maxConfigurations); start += atOnce) {
    await Promise.all(
      digests.slice(start, Math.min(start + atOnce, maxConfigurations)).map(async (digest) => {
        try {
          configured.set(digest, await unlessAborted(readOne(digest, reader), patience, "reading a configuration"));
        } catch (error) {
          if (signal.aborted) throw error;
          temporary ||= patience.aborted || isTemporary(error);
        }
      }),
    );
  }
  return { configured, temporary };
}

async function readOne(digest: string, reader: ContentReader) {
  const manifest = await reader.manifest(digest);
  if (manifest.length > maxManifestBytes) return "unread";
  const descriptor = readConfiguration(manifest);
  return descriptor.size > maxConfigurationBytes ? "unread" : readConfiguredPlatform(await reader.blob(descriptor));
}

/** @throws what is no failure of a registry or a document */
function isTemporary(error: unknown): boolean {
  if (error instanceof RegistryError) return error.temporary;
  if (error instanceof OciError) return false;
  throw error;
}
