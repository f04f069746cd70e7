import { once } from "node:events";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { pino } from "pino";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createAuthority, type KeyPair } from "../../test/cluster/pki.ts";
import { PathSegments } from "../http/path-segment.ts";
import { createRegistry } from "../telemetry/metrics.ts";
import { createReviewMetrics } from "./metrics.ts";
import { allowed, denied, patched } from "./review.ts";
import type { ReviewHandler } from "./route.ts";
import { type AdmissionServerOptions, createAdmissionServer } from "./server.ts";

let authority: Awaited<ReturnType<typeof createAuthority>>;
let pair: KeyPair;
beforeAll(async () => {
  authority = await createAuthority();
  pair = await authority.issue({ commonName: "webhook", server: true, addresses: ["127.0.0.1"] });
});
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const review = (uid = "u", object: unknown = {}) => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid, operation: "CREATE", resource: { group: "", version: "v1", resource: "pods" }, object },
});

async function start(handle: ReviewHandler["handle"], more: Partial<AdmissionServerOptions> = {}) {
  const metrics = createReviewMetrics(createRegistry());
  const server = createAdmissionServer({
    routes: { "/mutate/pods": { handler: { handle } } },
    tls: { certificate: { cert: pair.certificate, key: pair.key } },
    metrics,
    log: pino({ level: "silent" }),
    ...more,
  });
  const port = await server.listen(0, "127.0.0.1");
  // A resumed session tells no certificate.
  const agent = new Agent({ ca: authority.certificate, keepAlive: true, maxSockets: 8, maxCachedSessions: 0 });
  open.push(
    () => server.close(100),
    () => agent.destroy(),
  );
  const post = (body: unknown, path = "/mutate/pods?timeout=5s", method = "POST") =>
    new Promise<{ status: number; body: string; connection: string | undefined; fingerprint: string }>(
      (resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port, path, method, agent });
        sent.once("error", reject);
        sent.once("response", (response) => {
          const { statusCode = 0, headers, socket } = response;
          const fingerprint = "getPeerCertificate" in socket ? String(peer(socket)) : "";
          text(response).then((read) => {
            resolve({ status: statusCode, body: read, connection: headers.connection, fingerprint });
          }, reject);
        });
        sent.end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
      },
    );
  const outcomes = async (): Promise<Record<string, number>> => {
    const { values } = await metrics.reviews.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome ?? "", value]));
  };
  return { server, port, post, outcomes, agent };
}
function peer(socket: object): unknown {
  return "getPeerCertificate" in socket && typeof socket.getPeerCertificate === "function"
    ? socket.getPeerCertificate().fingerprint256
    : undefined;
}
const answer = (body: string) => JSON.parse(body).response;

test("answers a review with what its handler says", async () => {
  const { post, outcomes } = await start(async ({ uid }) => patched(uid, [{ op: "remove", path: "/x" }], ["w"]));
  const { status, body } = await post(review());
  expect(status).toBe(200);
  expect(answer(body)).toMatchObject({ uid: "u", allowed: true, patchType: "JSONPatch", warnings: ["w"] });
  expect(await outcomes()).toEqual({ rewritten: 1 });
});

test.each<[string, unknown, string, string, number]>([
  ["no review", "{", "/mutate/pods", "POST", 400],
  ["an empty body", "", "/mutate/pods", "POST", 400],
  ["another path", review(), "/other", "POST", 404],
  ["another method", "", "/mutate/pods", "GET", 404],
  ["a body that is too large", Buffer.alloc(8 * 1024 * 1024, 0x20), "/mutate/pods", "POST", 413],
])("%s is refused, and the server goes on", async (_name, body, path, method, status) => {
  const { post } = await start(async ({ uid }) => allowed(uid));
  expect((await post(body, path, method)).status).toBe(status);
  expect((await post(review())).status).toBe(200);
});

test("a review with more in it than is parsed passes with a Warning, and no handler sees it", async () => {
  const { post, outcomes } = await start(async ({ uid }) => denied(uid, "seen"));
  const { status, body } = await post(review("u", new Array(20_000).fill(0)));
  expect(status).toBe(200);
  expect(answer(body)).toMatchObject({
    uid: "u",
    allowed: true,
    warnings: [expect.stringMatching(/^metahub: the review has more than 16384 .*; images are left as written$/)],
  });
  expect(await outcomes()).toEqual({ unchanged: 1 });
  // Without a uid that an API server sends there is nothing to answer.
  expect((await post(review("u".repeat(65), new Array(20_000).fill(0)))).status).toBe(400);
});

test.each(["/other", "/mutate/pods/x"])("%s is refused before a byte of the body is there", async (path) => {
  const { port } = await start(async ({ uid }) => allowed(uid));
  const socket = connect({ host: "127.0.0.1", port, ca: authority.certificate });
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n`);
  const [said] = await once(socket, "data");
  expect(String(said)).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
});

test("a route may take smaller bodies than another: a larger one is refused before it is there", async () => {
  const handler = { handle: async ({ uid }: { readonly uid: string }) => allowed(uid) };
  const routes = { "/mutate/pods": { handler }, "/validate/bindings": { handler, maxBytes: 1_000 } };
  const { port, post } = await start(handler.handle, { routes });
  const large = JSON.stringify({ ...review(), padding: "x".repeat(1_000) });
  expect((await post(large)).status).toBe(200);
  expect((await post(review(), "/validate/bindings")).status).toBe(200);
  const socket = connect({ host: "127.0.0.1", port, ca: authority.certificate });
  socket.write("POST /validate/bindings HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n");
  const [said] = await once(socket, "data");
  expect(String(said)).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test("bodies that together are too many bytes are answered with 503, and one that comes after them is read", async () => {
  const { port, post } = await start(async ({ uid }) => allowed(uid), { bodyBytes: 4_096 });
  const held = connect({ host: "127.0.0.1", port, ca: authority.certificate });
  held.write(`POST /mutate/pods HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n${" ".repeat(4_000)}`);
  let refused = "";
  held.once("data", (said: Buffer) => {
    refused = said.toString();
  });
  // Nothing tells when the server has read so much: it is asked until it refuses the one that is held.
  await expect
    .poll(async () => [(await post(review("u".repeat(60)))).status, refused.slice(0, 12)])
    .toEqual([200, "HTTP/1.1 503"]);
  held.destroy();
});

test("with a path segment, a route without it is not there, and one with it is", async () => {
  const { post } = await start(async ({ uid }) => allowed(uid), {
    pathSegments: new PathSegments(["5f5f"]),
  });
  const asked = ["/mutate/pods", "/5f5f/mutate/pods", "/5f5f/other", "/5f5e/mutate/pods"];
  const answers = await Promise.all(asked.map((path) => post(review(), path)));
  expect(answers.map(({ status }) => status)).toEqual([404, 200, 404, 404]);
});

test("a handler that fails admits the object as it is, with a Warning that tells nothing of the inside", async () => {
  const { post, outcomes } = await start(() => Promise.reject(new Error("secret")));
  const { status, body } = await post(review());
  expect(status).toBe(200);
  expect(answer(body)).toEqual({ uid: "u", allowed: true, warnings: [expect.stringMatching(/this review failed/)] });
  expect(body).not.toContain("secret");
  expect(await outcomes()).toEqual({ failed: 1 });
});

test("the handler's signal aborts when the API server's time is nearly over; it still can answer", async () => {
  const { post } = await start(
    ({ uid }, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(allowed(uid, ["too late"])))),
  );
  const { body } = await post(review(), "/mutate/pods?timeout=1s");
  expect(answer(body).warnings).toEqual(["too late"]);
});

test("one that hears no signal is not waited for", async () => {
  const { post, outcomes } = await start(() => new Promise(() => undefined));
  const { body } = await post(review(), "/mutate/pods?timeout=200ms");
  expect(answer(body)).toMatchObject({
    allowed: true,
    warnings: [expect.stringMatching(/time for this review ran out/)],
  });
  expect(await outcomes()).toEqual({ failed: 1 });
});

test("more reviews at once than it can bear pass unchanged at the spot", async () => {
  const waiting = Promise.withResolvers<void>();
  let inside = 0;
  const full = Promise.withResolvers<void>();
  const { post, outcomes } = await start(
    async ({ uid }) => {
      if (++inside === 2) full.resolve();
      await waiting.promise;
      return allowed(uid);
    },
    { concurrency: 2 },
  );
  const first = [post(review("1")), post(review("2"))];
  await full.promise;
  const third = await post(review("3"));
  expect(answer(third.body)).toMatchObject({ allowed: true, warnings: [expect.stringMatching(/too many reviews/)] });
  waiting.resolve();
  await Promise.all(first);
  expect((await post(review("4"))).status).toBe(200);
  expect(await outcomes()).toEqual({ unchanged: 3, overloaded: 1 });
});

test("draining closes connections with their answers and still takes new ones; closing lets reviews finish", async () => {
  const under = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const { server, post } = await start(async ({ uid }) => {
    if (uid === "slow") {
      under.resolve();
      await go.promise;
    }
    return allowed(uid);
  });
  expect((await post(review())).connection).toBe("keep-alive");
  server.drain();
  expect((await post(review())).connection).toBe("close");
  expect((await post(review())).status).toBe(200);
  const slow = post(review("slow"));
  await under.promise;
  const closed = server.close(10_000);
  go.resolve();
  expect((await slow).status).toBe(200);
  await closed;
  await expect(post(review())).rejects.toThrow(/ECONNREFUSED/);
});

test("another certificate is served without a restart, and one that cannot be used changes nothing", async () => {
  const { server, post, agent } = await start(async ({ uid }) => allowed(uid));
  const before = (await post(review())).fingerprint;
  const renewed = await authority.issue({ commonName: "webhook", server: true, addresses: ["127.0.0.1"] });
  server.setCertificate({ cert: renewed.certificate, key: renewed.key });
  agent.destroy();
  const after = (await post(review())).fingerprint;
  expect(after).not.toBe(before);
  expect(() => server.setCertificate({ cert: "garbage", key: renewed.key })).toThrow(
    expect.objectContaining({ code: "CERTIFICATE_UNUSABLE" }),
  );
  agent.destroy();
  expect((await post(review())).fingerprint).toBe(after);
});
