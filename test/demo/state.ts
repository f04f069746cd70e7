import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PublishedBuilds } from "./builds.ts";

const schema = z.object({
  index: z.object({ mediaType: z.string(), digest: z.string(), size: z.number() }),
  tags: z.array(z.tuple([z.string(), z.string()])),
});
const file = (folder: string): string => join(folder, "demo.json");

/** What a later run must know of the demo that is up; undefined where none became ready. */
export function readState(folder: string): { readonly builds: PublishedBuilds } | undefined {
  if (!existsSync(file(folder))) return undefined;
  const { index, tags } = schema.parse(JSON.parse(readFileSync(file(folder), "utf8")));
  return { builds: { index, tags: new Map(tags) } };
}

export function writeState(folder: string, { builds }: { readonly builds: PublishedBuilds }): void {
  const { mediaType, digest, size } = builds.index;
  writeFileSync(file(folder), JSON.stringify({ index: { mediaType, digest, size }, tags: [...builds.tags] }));
}
