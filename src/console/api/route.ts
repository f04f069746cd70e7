import type { z } from "zod";
import type { Backend } from "../backend.ts";

/** A request as it was asked, read by the schemas of its route. */
export interface Asked {
  readonly backend: Backend;
  /** The parts of the path in braces. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** One line of the API, for whoever answers it and for the OpenAPI document. */
export interface Described {
  readonly method: "get" | "post" | "put" | "delete";
  /** Below /api/v1, with parameters in braces: `/machine-types/{name}`. */
  readonly path: string;
  /** One sentence. */
  readonly says: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Absent: 204, without a body. */
  readonly answer?: z.ZodType;
  /** Default: 200, or 204 without an answer. */
  readonly status?: 201;
  /** Default: application/json. */
  readonly mediaType?: "text/event-stream";
  /** It is a POST for its body alone, and not told in the log as a change. */
  readonly changesNothing?: true;
  /** Answered to people who are signed out too. */
  readonly open?: true;
  /** Its answer has a `version`, of which the ETag is made. */
  readonly versioned?: true;
}

export interface Route extends Described {
  readonly handle: (asked: Asked) => Promise<unknown>;
}

interface Typed<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType> extends Described {
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: A;
  readonly handle: (
    asked: Omit<Asked, "query" | "body"> & { readonly query: z.infer<Q>; readonly body: z.infer<B> },
  ) => Promise<z.infer<A>>;
}

/** A route whose query and body are as its schemas say: who calls it reads both by them before. */
export function route<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(typed: Typed<Q, B, A>): Route {
  const { handle, query, body, ...rest } = typed;
  return {
    ...rest,
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    handle: (asked) =>
      handle({ ...asked, query: query?.parse(asked.query) as never, body: body?.parse(asked.body) as never }),
  };
}
