import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeApiServer, reply, status } from "../../../test/support/api-server/fake.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import type { UserAccess } from "../access/access.ts";
import { resource } from "../resource.ts";
import { KubernetesClient, type KubernetesClientOptions } from "./client.ts";

const node = { resource: resource({ group: "", version: "v1", plural: "nodes", namespaced: false }), name: "n" };
const { signal } = new AbortController();

let server: FakeApiServer;
let clock: ManualClock;
const clients: KubernetesClient[] = [];
function connect(user: UserAccess = {}, more: Partial<KubernetesClientOptions> = {}): KubernetesClient {
  const client = new KubernetesClient({ access: server.access(user), userAgent: "t", clock, random: () => 0, ...more });
  clients.push(client);
  return client;
}
beforeEach(async () => {
  clock = new ManualClock();
  server = await FakeApiServer.start();
  server.store.put("/api/v1/nodes", { metadata: { name: "n" } });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.stop();
  expect(clock.waits).toEqual([]);
});

describe("waits that the server asks for", () => {
  const busy = (code: number) => (_: unknown, response: Parameters<typeof status>[0]) =>
    status(response, code, "TooManyRequests", "busy", { headers: { "retry-after": "2" } });

  test.each([429, 503])("a read waits and comes again after %i", async (code) => {
    server.once(busy(code));
    const reading = connect().get(node, { signal });
    await clock.timer((ms) => ms === 2_000);
    expect(server.requests).toHaveLength(1);
    await clock.advance(2_000);
    expect((await reading).metadata.name).toBe("n");
    expect(server.requests).toHaveLength(2);
  });

  test("a write comes again after 429, but not after 503: it may have been done", async () => {
    const body = { metadata: { name: "m" } };
    server.once(busy(429));
    const writing = connect().create({ resource: node.resource }, body, { signal });
    await clock.timer((ms) => ms === 2_000);
    await clock.advance(2_000);
    await writing;
    server.once(busy(503));
    await expect(connect().create({ resource: node.resource }, body, { signal })).rejects.toMatchObject({
      code: "SERVER_ERROR",
      retryAfterMs: 2_000,
    });
  });

  test("a wait longer than the call may take is told at once", async () => {
    server.always(busy(429));
    await expect(connect().get(node, { signal, timeoutMs: 1_500 })).rejects.toMatchObject({
      code: "TOO_MANY_REQUESTS",
      retryAfterMs: 2_000,
    });
    expect(server.requests).toHaveLength(1);
  });

  test("a server that is always busy is left alone in the end", async () => {
    server.always(busy(429));
    const reading = expect(connect().get(node, { signal })).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
    for (let n = 1; n <= 5; n++) {
      await clock.timer((ms) => ms === 2_000);
      await clock.advance(2_000);
    }
    await reading;
    expect(server.requests).toHaveLength(6);
  });

  test("a client-side limit spaces requests", async () => {
    const client = connect({}, { rateLimit: { perSecond: 1, burst: 1 } });
    await client.get(node, { signal });
    const second = client.get(node, { signal });
    await clock.timer((ms) => ms === 1_000);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1_000);
    await second;
  });
});

describe("refused credentials", () => {
  const demand = (token: () => string): void =>
    server.always(
      ({ headers }, response) =>
        headers.authorization !== `Bearer ${token()}` && status(response, 401, "Unauthorized", "Unauthorized"),
    );

  test("a rotated token is read at once and the call goes on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "metahub-token-"));
    try {
      const tokenFile = join(folder, "token");
      let valid = "one";
      demand(() => valid);
      writeFileSync(tokenFile, valid);
      const client = connect({ tokenFile });
      await client.get(node, { signal });
      valid = "two";
      writeFileSync(tokenFile, valid);
      await client.get(node, { signal });
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        "Bearer one",
        "Bearer one",
        "Bearer two",
      ]);
      valid = "three";
      await expect(client.get(node, { signal })).rejects.toMatchObject({ code: "UNAUTHORIZED", status: 401 });
      expect(server.requests).toHaveLength(4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a fixed token is not tried twice, and stands in no message", async () => {
    demand(() => "right");
    const error: unknown = await connect({ token: "wrong-secret" })
      .get(node, { signal })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "UNAUTHORIZED", message: expect.stringContaining("expired (test)") });
    expect(String(error)).not.toContain("wrong-secret");
    expect(server.requests).toHaveLength(1);
  });
});

describe("an unreliable server", () => {
  test("no answer: TIMEOUT after 30 s", async () => {
    server.once(() => true);
    const reading = expect(connect().get(node, { signal })).rejects.toMatchObject({ code: "TIMEOUT" });
    await server.until(() => server.requests.length === 1);
    await clock.advance(30_000);
    await reading;
  });

  test("a body that drips does not outlive the call's time", async () => {
    server.once((_, response) => response.writeHead(200).write('{"metadata":'));
    const reading = expect(connect().get(node, { signal })).rejects.toMatchObject({ code: "TIMEOUT" });
    await server.until(() => server.requests.length === 1);
    await clock.advance(30_000);
    await reading;
  });

  test("the caller's signal ends the call", async () => {
    const caller = new AbortController();
    server.once(() => true);
    const reading = expect(connect().get(node, { signal: caller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await server.until(() => server.requests.length === 1);
    caller.abort();
    await reading;
    await expect(connect().get(node, { signal: caller.signal })).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("a body over its bound is TOO_LARGE", async () => {
    server.once((_, response) => Boolean(response.end(`{"metadata":{"name":"${"x".repeat(2_000)}"}}`)));
    await expect(connect().get(node, { signal, maxBytes: 1_000 })).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("a read whose connection is cut comes again once; a write does not", async () => {
    const cut = (_: unknown, response: { destroy(): unknown }): boolean => Boolean(response.destroy());
    server.once(cut);
    expect((await connect().get(node, { signal })).metadata.name).toBe("n");
    server.once(cut);
    server.once(cut);
    await expect(connect().get(node, { signal })).rejects.toMatchObject({ code: "UNREACHABLE" });
    server.once(cut);
    const seen = server.requests.length;
    await expect(connect().delete(node, { signal })).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(server.requests).toHaveLength(seen + 1);
  });

  test("nobody listens: UNREACHABLE, with the address", async () => {
    const client = connect();
    await server.stop();
    await expect(client.get(node, { signal })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringMatching(
        /^GET \/api\/v1\/nodes\/n: http:\/\/127\.0\.0\.1:\d+ does not answer: connect ECONNREFUSED/,
      ),
    });
    await server.listen();
  });

  test("a redirect is not followed: the credentials would go along", async () => {
    server.once((_, response) => Boolean(response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()));
    await expect(connect({ token: "t" }).get(node, { signal })).rejects.toMatchObject({
      code: "UNEXPECTED",
      status: 302,
    });
  });

  test("closing the client ends what runs, and what comes after", async () => {
    const client = connect();
    server.once(() => true);
    const reading = expect(client.get(node, { signal })).rejects.toMatchObject({ code: "CLOSED" });
    await server.until(() => server.requests.length === 1);
    await client.close();
    await reading;
    await expect(client.get(node, { signal })).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("a server below a path, and what the observer sees", async () => {
    const seen: unknown[] = [];
    const access = { ...server.access(), server: `${server.access().server}/prefix` };
    server.once(({ path }, response) => {
      reply(response, 200, { metadata: { name: path } });
      return true;
    });
    const client = connect({}, { access, observe: (request) => seen.push(request) });
    expect((await client.get(node, { signal })).metadata.name).toBe("/prefix/api/v1/nodes/n");
    expect(seen).toEqual([{ method: "GET", result: 200, durationMs: 0 }]);
  });
});
