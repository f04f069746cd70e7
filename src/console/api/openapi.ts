import { z } from "zod";
import { version } from "../../process/version.ts";
import { problem } from "../contract/parts.ts";
import { session, signIn } from "../contract/session.ts";
import { change } from "../contract/views.ts";
import type { Described } from "./route.ts";

/** Routes of a session and of the API itself, which no Backend answers. */
export const ownRoutes = {
  session: {
    method: "get",
    path: "/session",
    says: "Who is signed in and what they may; how to sign in where nobody is.",
    answer: session,
    open: true,
  },
  signIn: {
    method: "post",
    path: "/session",
    says: "Signs in. The session's id is in a cookie that scripts cannot read.",
    body: signIn,
    answer: session,
    status: 201,
    open: true,
  },
  signOut: { method: "delete", path: "/session", says: "Signs out: the session ends here, with its streams." },
  events: {
    method: "get",
    path: "/events",
    says: "Server-sent events: kinds and names of what changed, never contents. Each message is one of these.",
    answer: change,
    mediaType: "text/event-stream",
  },
  openapi: {
    method: "get",
    path: "/openapi.json",
    says: "This document.",
    answer: z.record(z.string(), z.unknown()),
    open: true,
  },
} as const satisfies Readonly<Record<string, Described>>;

/** The OpenAPI 3.1 document of routes, made from the schemas that their bodies and answers are held to. */
export function openApiDocument(routes: readonly Described[], externalUrl: URL): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: "3.1.0",
    info: {
      title: "MetaHub's console",
      version,
      description:
        "What `metahub console` shows, for the person of the session. Sessions begin with POST /session. Requests that change something need the header X-MetaHub-CSRF with the token of the session, and Sec-Fetch-Site: same-origin.",
    },
    servers: [{ url: new URL("/api/v1", externalUrl).href }],
    paths,
    components: {
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: externalUrl.protocol === "https:" ? "__Host-metahub" : "metahub",
        },
        csrf: { type: "apiKey", in: "header", name: "X-MetaHub-CSRF" },
      },
      schemas: { Problem: schemaOf(problem) },
    },
  };
}

function operation(route: Described): object {
  const { method, path, says, body, answer, status, mediaType = "application/json", open, versioned } = route;
  const code = answer === undefined ? 204 : (status ?? 200);
  return {
    operationId: `${method} ${path}`.replace(/[^a-z]+(.)?/gi, (_, next: string = "") => next.toUpperCase()),
    summary: says,
    parameters: [...pathParameters(path), ...queryParameters(route)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } } }),
    responses: {
      [code]: {
        description: code === 204 ? "Done." : "The answer.",
        ...(answer === undefined ? {} : { content: { [mediaType]: { schema: schemaOf(answer) } } }),
      },
      ...(versioned ? { 304: { description: "It is still as the ETag in If-None-Match says." } } : {}),
      default: {
        description: "Why not, as RFC 9457 has it.",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
    security: open ? [] : [method === "get" ? { session: [] } : { session: [], csrf: [] }],
  };
}

function pathParameters(path: string): readonly object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Described): readonly object[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: !schema.safeParse(undefined).success,
    schema: schemaOf(schema),
  }));
}

/** JSON Schema 2020-12, which OpenAPI 3.1 speaks. */
function schemaOf(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest;
}
