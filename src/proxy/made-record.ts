import { z } from "zod";

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

/** Where indexes that were made are written down, for replicas and after a restart. */
export interface MadeRecord {
  /** For messages. */
  readonly place: string;
  /** Resolves once others find them. */
  add(made: readonly MadeIndex[]): Promise<void>;
  /** All that are written down, the oldest first; undefined where nothing has changed since they were read last. */
  read(): Promise<readonly MadeIndex[] | undefined>;
}

/** One and the same for all who make it. */
export function keyOf({ name, digest }: Pick<MadeIndex, "name" | "digest">): string {
  return `${name} ${digest}`;
}

/** Undefined for what is none: a line may be half written, and anybody's. */
export function readMade(text: string): MadeIndex | undefined {
  try {
    return madeSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
