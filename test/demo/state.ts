import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PublishedBuilds } from "./builds.ts";

/** What a later run must know of the demo that is up. */
export interface DemoState {
  readonly builds: PublishedBuilds;
  /** Digest of the operator's image, where the operator runs in the cluster. */
  readonly image: string | undefined;
}

const schema = z.object({
  index: z.object({ mediaType: z.string(), digest: z.string(), size: z.number() }),
  tags: z.array(z.tuple([z.string(), z.string()])),
  image: z.string().optional(),
});
const file = (folder: string): string => join(folder, "demo.json");

/** Undefined where no demo became ready. */
export function readState(folder: string): DemoState | undefined {
  if (!existsSync(file(folder))) return undefined;
  const { index, tags, image } = schema.parse(JSON.parse(readFileSync(file(folder), "utf8")));
  return { builds: { index, tags: new Map(tags) }, image };
}

export function writeState(folder: string, { builds, image }: DemoState): void {
  const { mediaType, digest, size } = builds.index;
  writeFileSync(file(folder), JSON.stringify({ index: { mediaType, digest, size }, tags: [...builds.tags], image }));
}
