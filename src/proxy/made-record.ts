import { z } from "zod";
import { jsonOf, type RecordForm } from "./shared-record.ts";

/** How an index came to be that no upstream has, so that its bytes can be made again. */
const madeSchema = z.object({
  digest: z.string().max(200),
  /** As in `Reference.name`: `docker.io/qnib/bench`. */
  name: z.string().max(512),
  /** The digest of the index that it was made from. */
  from: z.string().max(200),
  /** The digest of the build that was kept. */
  build: z.string().max(200),
});

export type MadeIndex = z.infer<typeof madeSchema>;

/** One and the same for all who make it. */
export function keyOf({ name, digest }: Pick<MadeIndex, "name" | "digest">): string {
  return `${name} ${digest}`;
}

/** Indexes that were made, as they are written down. */
export const madeForm: RecordForm<MadeIndex> = {
  keyOf,
  write: ({ digest, name, from, build }) => JSON.stringify({ digest, name, from, build }),
  read: (text) => madeSchema.safeParse(jsonOf(text)).data,
};
