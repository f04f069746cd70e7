import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer } from "../../../test/support/api-server/fake.ts";
import { resource } from "../resource.ts";
import { TokenClients } from "./token-clients.ts";

const nodes = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const signal = AbortSignal.timeout(30_000);
let server: FakeApiServer;
let clients: TokenClients;

beforeEach(async () => {
  server = await FakeApiServer.start();
  // Everything that a process may have of its own; none of it is a person's.
  const own = {
    token: "the-process-itself",
    basic: { username: "process", password: "secret" },
    impersonate: { user: "admin", groups: ["system:masters"], extra: {} },
  };
  clients = new TokenClients({ access: { ...server.access(), user: own }, userAgent: "test" });
});
afterEach(async () => {
  await clients.close();
  await server.stop();
});

test("each request carries its person's token, and nothing of the process", async () => {
  const [anna, ben] = [clients.clientFor(() => "annas"), clients.clientFor(() => "bens")];
  for (const client of [anna, ben, anna]) for await (const _ of client.list({ resource: nodes }, { signal }));
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer annas",
    "Bearer bens",
    "Bearer annas",
  ]);
  for (const { headers } of server.requests) {
    expect(Object.keys(headers).filter((name) => name.startsWith("impersonate"))).toEqual([]);
  }
});

test("one that is closed is done, and leaves the others their connections", async () => {
  const [anna, ben] = [clients.clientFor(() => "annas"), clients.clientFor(() => "bens")];
  await anna.close();
  await expect(anna.raw("/version", { signal })).rejects.toMatchObject({ code: "CLOSED" });
  for await (const _ of ben.list({ resource: nodes }, { signal }));
  expect(server.requests).toHaveLength(1);
});

test("a token that was renewed is sent from then on", async () => {
  let token = "first";
  const client = clients.clientFor(() => token);
  for await (const _ of client.list({ resource: nodes }, { signal }));
  token = "second";
  for await (const _ of client.list({ resource: nodes }, { signal }));
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer first", "Bearer second"]);
});
