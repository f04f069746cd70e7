import { z } from "zod";

/** Pieces of the answers that several routes have. */

/** Spelled as `cpu:zen4` or `nvcap:9.0`. */
export const feature = z.string();

/** Alternatives of which any serves, within groups that must all be met. */
export const groups = z.array(z.array(feature));

/** Sentences on what is not in an answer, and why: for people. Absent where all is. */
export const notes = z.array(z.string()).optional();

/** RFC 3339. */
export const time = z.string();

/** Those that can be verified (oci/digest.ts). */
export const digest = z.string().regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/);

export const resourceVersion = z.string().max(64);

/** A page of a longer list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    /** How many match, on all pages. */
    total: z.number().int(),
    /** Hand it in as `after` for the next page; absent on the last one. */
    next: z.string().optional(),
    /** Changes with any of what the list is made of: the ETag of the answer is made of it. */
    version: z.string(),
    notes,
  });
}

/** RFC 9457; `application/problem+json`. */
export const problem = z.object({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.number().int(),
  /** One or two sentences for a person: what happened, and what to do. */
  detail: z.string(),
  /** Which fields are wrong, by JSON path in the request, `spec.features[2]`, as the API server or our parser says it. */
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** 409: the object as it is now, so that the page can show what changed. */
  current: z.unknown().optional(),
  /** 403: what the person lacks, `update machinetypes.metahub.dev`. */
  missing: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;
