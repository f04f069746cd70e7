import { once } from "node:events";
import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { type Answer, cookieOf, type Sent, TestConsole } from "../../../test/support/console/console.ts";
import { viewOf } from "../../../test/support/console/memory-backend.ts";
import { SignInError } from "../sign-in/error.ts";
import { cookiesFor, endCookie, readCookie, setCookie } from "./cookies.ts";

let started: TestConsole | undefined;
afterEach(() => started?.close());
async function start(options: Parameters<typeof TestConsole.start>[0] = {}): Promise<TestConsole> {
  started = await TestConsole.start(options);
  return started;
}

/** Each is an answer of another kind. */
const kinds: readonly (readonly [string, string, Sent])[] = [
  ["the page", "/", {}],
  ["a file", "/app-ABCDEFGH.js", {}],
  ["the head of a file", "/app-ABCDEFGH.js", { method: "HEAD" }],
  ["no such file", "/nothing", {}],
  ["data", "/api/v1/session", {}],
  ["the API's description", "/api/v1/openapi.json", {}],
  ["signed out", "/api/v1/nodes", {}],
  ["a refused sign-in", "/api/v1/session", { method: "POST", body: { way: "token", token: "x" } }],
  ["another host", "/", { headers: { host: "evil.example" } }],
  ["another site", "/api/v1/session", { headers: { "sec-fetch-site": "cross-site" } }],
  ["another method", "/api/v1/session", { method: "PATCH" }],
  ["too large", "/api/v1/session", { method: "POST", body: "x".repeat(300_000) }],
  ["a redirect", "/openid/start", {}],
  ["a redirect back", "/openid/callback", {}],
];
const openid = {
  start: () => Promise.resolve({ url: new URL("https://issuer.example.com/"), cookie: "c" }),
  finish: () => Promise.reject(new SignInError("REFUSED", "no")),
};

test.each(kinds)("%s has all headers that protect its reader", async (_name, path, sent) => {
  const console = await start({ ways: { openid } });
  const { headers } = await console.send(path, sent);
  expect(headers).toMatchObject({
    "content-security-policy":
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "permissions-policy": expect.stringContaining("camera=()"),
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=15768000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  });
  expect(headers["x-powered-by"]).toBeUndefined();
  expect(headers["access-control-allow-origin"]).toBeUndefined();
  const isFile = /^the page|a file$/.test(_name) || _name === "the head of a file";
  expect(headers["cache-control"] === "no-store").toBe(!isFile);
});

test.each<[string, string, Sent, number]>([
  ["a page of another site that reads", "/api/v1/nodes", { headers: { "sec-fetch-site": "cross-site" } }, 403],
  ["a neighbour below the same domain", "/api/v1/nodes", { headers: { "sec-fetch-site": "same-site" } }, 403],
  ["an address that was typed in", "/api/v1/nodes", { headers: { "sec-fetch-site": "none" } }, 200],
  ["a change from another site", "/api/v1/machine-types", { headers: { "sec-fetch-site": "cross-site" } }, 403],
  ["a change by a typed address", "/api/v1/machine-types", { headers: { "sec-fetch-site": "none" } }, 403],
  ["a change with another origin", "/api/v1/machine-types", { headers: { origin: "https://evil.example" } }, 403],
  ["a change without the token", "/api/v1/machine-types", { headers: { "x-metahub-csrf": "" } }, 403],
  ["a change with another token", "/api/v1/machine-types", { headers: { "x-metahub-csrf": "x".repeat(43) } }, 403],
  ["a change of the page's own", "/api/v1/machine-types", { headers: { origin: "https://console.example.com" } }, 201],
])("%s", async (_name, path, { headers = {} }, status) => {
  const console = await start();
  const anna = await console.signIn();
  const change = path.endsWith("machine-types") ? { method: "POST", body: { name: "a", spec: {} } } : {};
  expect((await anna.send(path, { ...change, headers })).status).toBe(status);
  expect(console.place.written).toEqual(status === 201 ? ["anna create"] : []);
});

test("a change without Sec-Fetch-Site, as a form of an old browser sends it, changes nothing", async () => {
  const console = await start();
  const { cookie, csrf } = await console.signIn();
  const socket = connect(console.port, "127.0.0.1");
  const body = JSON.stringify({ name: "a", spec: {} });
  const lines = [
    ...["POST /api/v1/machine-types HTTP/1.1", `Host: ${console.host}`, `Cookie: ${cookie}`, `X-MetaHub-CSRF: ${csrf}`],
    ...["Content-Type: application/json", `Content-Length: ${body.length}`, "Connection: close", "", body],
  ];
  socket.end(lines.join("\r\n"));
  const [first] = await once(socket, "data");
  socket.destroy();
  expect(String(first)).toMatch(/^HTTP\/1.1 403 /);
  expect(console.place.written).toEqual([]);
});

test("nobody writes with another's token: neither the cookie nor the header alone is enough", async () => {
  const console = await start();
  const anna = await console.signIn("anna");
  const bert = await console.signIn("bert");
  const body = { name: "a", spec: {} };
  const headers = { cookie: bert.cookie, "x-metahub-csrf": anna.csrf };
  expect((await console.send("/api/v1/machine-types", { method: "POST", body, headers })).status).toBe(403);
  const none = { "x-metahub-csrf": anna.csrf };
  expect((await console.send("/api/v1/machine-types", { method: "POST", body, headers: none })).status).toBe(401);
  expect(console.place.written).toEqual([]);
});

test("a session gets an id of its own, whatever the browser came with", async () => {
  const console = await start();
  const planted = `__Host-metahub=${"p".repeat(43)}`;
  const signedIn = await console.send("/api/v1/session", {
    method: "POST",
    body: { way: "token", token: "token-anna" },
    headers: { cookie: planted },
  });
  expect(signedIn.status).toBe(201);
  expect(cookieOf(signedIn)).not.toBe(planted);
  expect((await console.send("/api/v1/nodes", { headers: { cookie: planted } })).status).toBe(401);
  expect(signedIn.headers["set-cookie"]).toEqual([
    expect.stringMatching(/^__Host-metahub=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
  ]);
});

test("who signs in again ends the session that the browser had", async () => {
  const console = await start();
  const anna = await console.signIn();
  const body = { way: "token", token: "token-bert" };
  const again = await anna.send("/api/v1/session", { method: "POST", body });
  expect(again.json().user).toBe("bert");
  expect((await anna.send("/api/v1/nodes")).status).toBe(401);
  expect(console.sessions.size).toBe(1);
});

test("who begins to sign in by OpenID Connect ends the session that the browser had", async () => {
  const console = await start({ ways: { openid } });
  const anna = await console.signIn();
  const { status, headers } = await anna.send("/openid/start", { headers: { "sec-fetch-site": "same-origin" } });
  expect([status, headers.location]).toEqual([303, "https://issuer.example.com/"]);
  expect((await anna.send("/api/v1/nodes")).status).toBe(401);
  expect(console.sessions.size).toBe(0);
});

test("a change is told in the log with who asked for it, a preview is none", async () => {
  const console = await start();
  const anna = await console.signIn();
  const body = { name: "a", spec: {} };
  expect((await anna.send("/api/v1/machine-types:preview", { method: "POST", body })).status).toBe(200);
  expect(console.log.join("")).not.toContain("asked to change");
  expect((await anna.send("/api/v1/machine-types", { method: "POST", body })).status).toBe(201);
  expect(console.log.filter((line) => line.includes("asked to change"))).toEqual([expect.stringContaining("anna")]);
});

test("signing out ends the session on the server", async () => {
  const console = await start();
  const anna = await console.signIn();
  const out = await anna.send("/api/v1/session", { method: "DELETE" });
  expect([out.status, out.headers["set-cookie"]?.[0]]).toEqual([
    204,
    "__Host-metahub=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0",
  ]);
  expect((await anna.send("/api/v1/nodes")).status).toBe(401);
  expect(console.sessions.size).toBe(0);
});

test("a session whose token counts no more ends at the first request that the API server refuses", async () => {
  const console = await start();
  const anna = await console.signIn();
  console.place.failure = Object.assign(new SignInError("REFUSED", "expired"));
  expect((await anna.send("/api/v1/nodes")).status).toBe(401);
  console.place.failure = undefined;
  expect((await anna.send("/api/v1/nodes")).status).toBe(401);
  expect((await anna.send("/api/v1/session")).json()).toEqual({ signedIn: false, ways: ["token", "password"] });
});

test("too many failures from one address, and no more are tried there", async () => {
  const console = await start({ trustedProxies: ["127.0.0.1"] });
  const tried = (token: string, address: string) =>
    console.send("/api/v1/session", {
      method: "POST",
      body: { way: "token", token },
      headers: { "x-forwarded-for": address },
    });
  for (let count = 0; count < 20; count++) expect((await tried("x", "192.0.2.1")).status).toBe(401);
  const refused = await tried("token-anna", "192.0.2.1");
  expect([refused.status, Number(refused.headers["retry-after"]) > 200]).toEqual([429, true]);
  expect((await tried("token-anna", "192.0.2.2")).status).toBe(201);
});

test("a sign-in that failed through nobody's fault counts for nobody, and a users file that cannot be read is said", async () => {
  let failure: Error | undefined = new SignInError("USERS_FILE", "users, line 2: expected NAME:HASH");
  const console = await start({
    ways: {
      signIn: () => {
        if (failure !== undefined) return Promise.reject(failure);
        const person = { kind: "user" as const, name: "anna" };
        return Promise.resolve({ person, backend: console.place.backend(person) });
      },
    },
  });
  const sign = { method: "POST", body: { way: "password", user: "anna", password: "right" } };
  for (let tried = 0; tried < 30; tried++) {
    const answer = await console.send("/api/v1/session", sign);
    expect([answer.status, answer.json().detail]).toEqual([
      503,
      "Nobody can sign in now: the users file cannot be read. The console's log says why.",
    ]);
  }
  expect(console.log.join("")).toContain("users, line 2");
  failure = undefined;
  expect((await console.send("/api/v1/session", sign)).status).toBe(201);
});

test("X-Forwarded-For of strangers counts nothing", async () => {
  const console = await start();
  for (let count = 0; count < 21; count++) {
    const headers = { "x-forwarded-for": `192.0.2.${count}` };
    const { status } = await console.send("/api/v1/session", {
      method: "POST",
      body: { way: "token", token: "x" },
      headers,
    });
    expect(status).toBe(count < 20 ? 401 : 429);
  }
});

test("no token, password, cookie or CSRF token is ever logged, or in an answer but the one that gives it", async () => {
  const console = await start();
  const anna = await console.signIn();
  await console.send("/api/v1/session", {
    method: "POST",
    body: { way: "password", user: "hunter2-user", password: "hunter2" },
  });
  await anna.send("/api/v1/machine-types", { method: "POST", body: { name: "a", spec: {} } });
  const answers = [await anna.send("/api/v1/machine-types"), await anna.send("/api/v1/session")];
  const id = anna.cookie.split("=")[1] ?? "";
  const told = [...console.log, ...answers.map(({ text }) => text)].join("\n");
  expect(told).toContain("anna");
  for (const secret of ["token-anna", "hunter2", id]) expect(told.includes(secret), secret).toBe(false);
  expect(console.log.join("\n").includes(anna.csrf)).toBe(false);
});

test.each([
  "/../etc/passwd",
  "/..%2f..%2fetc/passwd",
  "/%2e%2e/package.json",
  "/app-ABCDEFGH.js/../../package.json",
  "//etc/passwd",
  "/app-ABCDEFGH.js%00",
  "/app-ABCDEFGH.js.br",
  "/index.html/",
  "/\\..\\package.json",
])("%s leads nowhere", async (path) => {
  const console = await start();
  expect((await console.send(path)).status).toBe(404);
});

test.each<[string, string | undefined]>([
  ["br, gzip", "br"],
  ["gzip;q=0.5", "gzip"],
  ["gzip, br;q=0", "gzip"],
  ["identity", undefined],
])("a file is packed as the browser takes it: %s", async (accepted, encoding) => {
  const console = await start();
  const whole = (await console.send("/app-ABCDEFGH.js")).text;
  const response = await fetchRaw(console, "/app-ABCDEFGH.js", accepted);
  expect(response.headers).toMatchObject({
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "text/javascript; charset=utf-8",
    vary: "Accept-Encoding",
  });
  expect(response.headers["content-encoding"]).toBe(encoding);
  const unpack = encoding === "br" ? brotliDecompressSync : encoding === "gzip" ? gunzipSync : (bytes: Buffer) => bytes;
  expect(unpack(response.bytes).toString()).toBe(whole);
});

async function fetchRaw({ port, host }: TestConsole, path: string, accepted: string) {
  const { request } = await import("node:http");
  const { buffer } = await import("node:stream/consumers");
  const sent = request({ port, path, agent: false, headers: { host, "accept-encoding": accepted } }).end();
  const [response] = await once(sent, "response");
  return { headers: response.headers, bytes: await buffer(response) };
}

test("the page itself is asked for at each load", async () => {
  const console = await start();
  const { headers } = await console.send("/");
  expect([headers["cache-control"], headers["content-type"]]).toEqual(["no-cache", "text/html; charset=utf-8"]);
});

test("one person's requests take no more than their share", async () => {
  const console = await start();
  const [anna, bert] = [await console.signIn("anna"), await console.signIn("bert")];
  const go = Promise.withResolvers<void>();
  console.place.hold = go.promise;
  const refused: Answer[] = [];
  const under = Array.from({ length: 40 }, async () => {
    const answer = await anna.send("/api/v1/nodes");
    if (answer.status === 429) refused.push(answer);
    return answer.status;
  });
  await expect.poll(() => refused.length).toBe(8);
  expect(refused[0]?.headers["retry-after"]).toBe("1");
  const others = bert.send("/api/v1/nodes");
  go.resolve();
  expect((await Promise.all(under)).filter((status) => status === 200)).toHaveLength(32);
  expect((await others).status).toBe(200);
});

test("requests that were answered, and those that failed, give their places back", async () => {
  const console = await start();
  const anna = await console.signIn();
  for (let asked = 0; asked < 40; asked++) {
    expect((await anna.send("/api/v1/nodes")).status).toBe(200);
    expect((await anna.send("/api/v1/machine-types/none")).status).toBe(404);
  }
});

test("over plain HTTP on this machine the cookie is a plain one, and there is no HSTS", async () => {
  const console = await start({ externalUrl: "http://localhost:8080" });
  console.place.types.set("a", viewOf({ name: "a", spec: {} }));
  const { headers } = await console.send("/api/v1/session", {
    method: "POST",
    body: { way: "token", token: "token-anna" },
  });
  expect(headers["set-cookie"]?.[0]).toMatch(/^metahub=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(headers["strict-transport-security"]).toBeUndefined();
});

test("a cookie that is there twice counts for none", () => {
  const { session } = cookiesFor(new URL("https://a.example"));
  expect(readCookie("a=b; __Host-metahub=x", session)).toBe("x");
  expect(readCookie("__Host-metahub=x; __Host-metahub=y", session)).toBeUndefined();
  expect(readCookie(undefined, session)).toBeUndefined();
});

test("the cookie of OpenID Connect comes back from the provider, for ten minutes", () => {
  const { openid: kind } = cookiesFor(new URL("https://a.example"));
  expect(setCookie(kind, "x")).toBe("__Host-metahub-openid=x; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=600");
  expect(endCookie(kind)).toBe("__Host-metahub-openid=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0");
});
