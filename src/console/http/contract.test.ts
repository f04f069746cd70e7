import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { type Answer, type Sent, type SignedInClient, TestConsole } from "../../../test/support/console/console.ts";
import { viewOf } from "../../../test/support/console/memory-backend.ts";
import { isDigest } from "../../oci/digest.ts";
import { madeCredential } from "../contract/credentials.ts";
import { machineType, preview } from "../contract/machine-types.ts";
import { digest } from "../contract/parts.ts";
import { session } from "../contract/session.ts";
import { matrix } from "../contract/views.ts";

let started: TestConsole | undefined;
afterEach(() => started?.close());

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const draft = { name: "type1", spec: { features: ["cpu:zen4"] } };
const bodies: Readonly<Record<string, unknown>> = {
  "post /session": { way: "token", token: "token-anna" },
  "post /machine-types": { ...draft, name: "type2" },
  "post /machine-types:preview": draft,
  "put /machine-types/{name}": { ...draft, resourceVersion: "1" },
  "post /machine-types/{name}/credentials": { name: "login" },
  "post /machine-types/{name}/credentials/{id}:rotate": { overlapSeconds: 60 },
};
/** Signing out and deleting come last. */
const last = ["delete /machine-types/{name}", "delete /session"];

async function open(): Promise<{ console: TestConsole; anna: SignedInClient; document: Document }> {
  const console = await TestConsole.start();
  started = console;
  console.place.types.set("type1", viewOf(draft));
  const anna = await console.signIn();
  const document = (await console.send("/api/v1/openapi.json")).json();
  return { console, anna, document };
}

test("every route of the OpenAPI document answers as the document says", async () => {
  const { console, anna, document } = await open();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
  );
  const order = ({ name }: { readonly name: string }): number => last.indexOf(name);
  operations.sort((one, other) => order(one) - order(other));
  expect(operations.map(({ name }) => name)).toHaveLength(20);
  for (const { name, method, path, operation } of operations) {
    if (path === "/events") continue;
    expect(operation.requestBody === undefined, name).toBe(bodies[name] === undefined);
    const query = path === "/matrix" ? "?image=a" : "";
    const where = `/api/v1${path.replace("{name}", "type1").replace("{id}", "login")}${query}`;
    const sent: Sent = method === "get" ? {} : { method: method.toUpperCase(), body: bodies[name] };
    // With her cookie, another sign-in would end her session.
    const answer = await (name === "post /session" ? console : anna).send(where, sent);
    const schema = operation.responses[answer.status]?.content?.["application/json"]?.schema;
    expect([
      name,
      answer.status >= 200 && answer.status < 300,
      operation.responses[answer.status] !== undefined,
    ]).toEqual([name, true, true]);
    if (answer.status === 204) expect([schema, answer.text]).toEqual([undefined, ""]);
    else z.fromJSONSchema(Object(schema)).parse(answer.json());
  }
});

test("the schemas of the document refuse what the contract refuses", async () => {
  const { document } = await open();
  const schema = document.paths["/nodes"]?.["get"]?.responses["200"]?.content?.["application/json"]?.schema;
  expect(z.fromJSONSchema(Object(schema)).safeParse({ items: [{ name: 1 }], total: 1, version: "" }).success).toBe(
    false,
  );
});

test.each([
  ...["sha256:", "sha512:", "sha384:"].flatMap((algorithm) =>
    [64, 96, 128].map((length) => algorithm + "a".repeat(length)),
  ),
  `sha256:${"A".repeat(64)}`,
  "a".repeat(64),
])("%s is a digest where the registry's client can verify it", (text) => {
  expect(digest.safeParse(text).success).toBe(isDigest(text));
});

test.each<[string, Sent & { readonly path: string }, number, z.ZodType]>([
  ["a machine type", { path: "/machine-types/type1" }, 200, machineType.strict()],
  ["a session", { path: "/session" }, 200, session],
  ["a matrix", { path: "/matrix?image=a" }, 200, matrix.strict()],
  ["a preview", { path: "/machine-types:preview?delete=1", method: "POST", body: draft }, 200, preview.strict()],
  [
    "a secret",
    { path: "/machine-types/type1/credentials", method: "POST", body: { name: "x" } },
    201,
    madeCredential.strict(),
  ],
])("%s is answered as the contract has it", async (_name, { path, ...sent }, status, schema) => {
  const { anna } = await open();
  const answer = await anna.send(`/api/v1${path}`, sent);
  expect(answer.status).toBe(status);
  schema.parse(answer.json());
});

const problemOf = (answer: Answer) => [answer.headers["content-type"], answer.json()] as const;

test.each<[string, Sent & { readonly path: string }, object]>([
  ["no such page", { path: "/machine-types/..%2fnodes" }, { status: 404 }],
  ["no such route", { path: "/nothing" }, { status: 404 }],
  ["no such machine type", { path: "/machine-types/type9" }, { status: 404 }],
  ["a malformed path", { path: "/machine-types/%ff" }, { status: 400 }],
  ["a page too long", { path: "/nodes?limit=501" }, { status: 422, fields: [{ path: "limit" }] }],
  ["a query twice", { path: "/nodes?search=a&search=b" }, { status: 422, fields: [{ path: "search" }] }],
  ["no image", { path: "/matrix" }, { status: 422, fields: [{ path: "image" }] }],
  ["no JSON", { path: "/machine-types", method: "POST", body: "{" }, { status: 400 }],
  [
    "another type of body",
    {
      path: "/machine-types",
      method: "POST",
      body: "a=b",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    },
    { status: 415 },
  ],
  [
    "a packed body",
    { path: "/machine-types", method: "POST", body: "{}", headers: { "content-encoding": "gzip" } },
    { status: 415 },
  ],
  ["a form of 10 MB", { path: "/machine-types", method: "POST", body: "x".repeat(10_000_000) }, { status: 413 }],
  [
    "wrong fields",
    { path: "/machine-types", method: "POST", body: { name: "a", spec: [], more: 1 } },
    { status: 422, fields: [{ path: "spec" }, {}] },
  ],
  ["two names", { path: "/machine-types/type1", method: "PUT", body: { ...draft, name: "b" } }, { status: 422 }],
  [
    "a former version",
    { path: "/machine-types/type1", method: "PUT", body: { ...draft, resourceVersion: "0" } },
    { status: 409, current: { name: "type1", resourceVersion: "1" } },
  ],
])("%s is a problem", async (_name, { path, ...sent }, expected) => {
  const { anna } = await open();
  const answer = await anna.send(`/api/v1${path}`, sent);
  const [type, problem] = problemOf(answer);
  expect(type).toBe("application/problem+json; charset=utf-8");
  expect(problem).toMatchObject({
    type: "about:blank",
    title: expect.any(String),
    detail: expect.any(String),
    ...expected,
  });
  expect(answer.status).toBe(problem.status);
});

test("what nobody foresaw is told in the log, and not to the person", async () => {
  const { console, anna } = await open();
  console.place.failure = new Error("secret of the inside");
  const answer = await anna.send("/api/v1/nodes");
  expect([answer.status, answer.text.includes("secret of the inside")]).toEqual([500, false]);
  expect(console.log.filter((line) => line.includes("secret of the inside"))).toHaveLength(1);
});

test("a list that is still the same is not sent again, and one person's ETag says nothing to another", async () => {
  const { console, anna } = await open();
  const first = await anna.send("/api/v1/machine-types");
  const etag = String(first.headers.etag);
  const headers = { "if-none-match": etag };
  const again = await anna.send("/api/v1/machine-types", { headers });
  expect([again.status, again.text, again.headers.etag]).toEqual([304, "", etag]);
  const bert = await console.signIn("bert");
  expect((await bert.send("/api/v1/machine-types", { headers })).status).toBe(200);
  console.place.types.set("type2", viewOf({ ...draft, name: "type2" }));
  expect((await anna.send("/api/v1/machine-types", { headers })).status).toBe(200);
});
