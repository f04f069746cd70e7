import { once } from "node:events";
import { connect } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { basic, credential, now, rules } from "../../test/support/identity/credentials.ts";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";
import { Door } from "./door.ts";

const login = basic("type1", "mh_one");
const narrow = basic("narrow", "mh_narrow");
const base = "/v2/qnib/bench";
const nowhere = `sha256:${"0".repeat(64)}`;

/** Headers of which the client has a say. */
const perConnection: ReadonlySet<string> = new Set(["date", "connection", "keep-alive"]);

let site: ProxySite;
beforeAll(async () => {
  const hub = rules([
    credential("one", "mh_one"),
    credential("narrow", "mh_narrow", { username: "narrow", repositories: ["qnib/*"] }),
  ]);
  const log = pino({ level: "silent" });
  const door = new Door({ rules: () => hub, realm: "https://hub.example.com/token", now: () => now, log });
  site = await startProxySite({ api: { door } });
  await site.upstream.store.putBlob("team/secret", Buffer.from("secret"));
});
afterAll(() => site.close());

/** Sends bytes as they are, and resolves to all that comes back until the server ends, or `answers` have come. */
async function exchange(text: string, answers = 1): Promise<string> {
  const socket = connect(Number(new URL(site.url).port), "127.0.0.1");
  let got = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    got += data;
    if (got.split("HTTP/1.1 ").length > answers && got.endsWith("}")) socket.end();
  });
  socket.on("error", () => undefined).write(text, "latin1");
  await once(socket, "close");
  return got;
}
const statuses = (got: string): readonly string[] =>
  [...got.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = ""]) => status);
const get = (path: string, headers: Readonly<Record<string, string>> = { authorization: login }, method = "GET") =>
  fetch(`${site.url}${path}`, { method, headers, redirect: "manual" });
const head = (path: string, more = "", method = "GET"): string =>
  `${method} ${path} HTTP/1.1\r\nhost: hub\r\nauthorization: ${login}\r\n${more}\r\n`;

describe("a request that two servers could read in two ways is refused, and nothing behind it is answered", () => {
  const behind = head("/v2/");
  test.each([
    ["two lengths", "content-length: 1\r\ncontent-length: 2\r\n"],
    ["a length and chunks", "content-length: 4\r\ntransfer-encoding: chunked\r\n"],
    ["an unknown coding", "transfer-encoding: xchunked\r\n"],
    ["chunks named twice", "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n"],
    ["a blank before the colon", "content-length : 4\r\n"],
    ["a folded line", "x: 1\r\n content-length: 4\r\n"],
    ["a bare line feed in a value", "x: 1\ncontent-length: 4\r\n"],
    ["a signed length", "content-length: +4\r\n"],
    ["a NUL", "x: \0\r\n"],
  ])("%s", async (_name, lines) => {
    const got = await exchange(`${head(`${base}/manifests/latest`, lines)}0\r\n\r\n${behind}`);
    expect(statuses(got)).toEqual(["400"]);
  });

  test("a body is never taken for a request", async () => {
    const inner = head("/v2/team/secret/manifests/latest");
    const got = await exchange(
      `${head("/v2/no/such/manifests/x", `content-length: ${inner.length}\r\n`)}${inner}${head("/v2/none/tags/list")}`,
      2,
    );
    expect(statuses(got)).toEqual(["404", "404"]);
    expect(site.upstream.requests.some(({ path }) => path.includes("/team/secret/"))).toBe(false);
  });

  test("headers beyond 16 KiB, and a path beyond what a name may have, are refused", async () => {
    expect(statuses(await exchange(head("/v2/", `x: ${"y".repeat(20_000)}\r\n`)))).toEqual(["431"]);
    expect((await get(`/v2/${"a/".repeat(2_000)}b/manifests/latest`)).status).toBe(404);
  });
});

test.each([
  "/v2/qnib/../team/secret/manifests/latest",
  "/v2/qnib/%2e%2e/team/secret/manifests/latest",
  "/v2/qnib/..%2fteam/secret/manifests/latest",
  "/v2//team/secret/manifests/latest",
  "/v2/qnib/bench/../../team/secret/manifests/latest",
  "/v2/qnib\\..\\team/secret/manifests/latest",
  "//hub/v2/team/secret/manifests/latest",
  "/v2/team/secret/manifests/latest;qnib/bench",
  "/v2/team/secret%00/manifests/latest",
  "/v2/qnib/bench/manifests/../../../team/secret/manifests/latest",
  "/v2/qnib/bench/blobs/../manifests/latest",
  "/V2/qnib/bench/manifests/latest",
  "/v2/qnib/bench/manifests/latest/",
  "/v2/qnib/bench/manifests/lat%65st",
  "/v2/Qnib/bench/manifests/latest",
])("a path is what it says, and nothing in it is resolved: %s", async (path) => {
  const before = site.upstream.requests.length;
  const text = head(path).replace(login, narrow);
  const got = await exchange(Buffer.from(text, "utf8").toString("latin1"));
  expect(statuses(got)).toEqual(["404"]);
  expect(site.upstream.requests.length).toBe(before);
});

test("a whole URL in the request's line counts by its path", async () => {
  const got = await exchange(head(`https://elsewhere.example.com${base}/tags/list`));
  expect(statuses(got)).toEqual(["200"]);
});

test.each([
  ["separators", "../../one:x"],
  ["letters of other alphabets", "tуpe1"],
  ["a line break", "type1\r\nx: y"],
  ["10 kB", "u".repeat(10_000)],
  ["nothing", ""],
])("a user name of %s is nobody's, in the same words as any other", async (_name, user) => {
  const wrong = await get(`${base}/manifests/latest`, { authorization: basic("type1", "mh_wrong") });
  const response = await get(`${base}/manifests/latest`, { authorization: basic(user, "mh_one") });
  expect([response.status, response.headers.get("www-authenticate"), await response.text()]).toEqual([
    401,
    wrong.headers.get("www-authenticate"),
    await wrong.text(),
  ]);
});

describe("what is not there and what is for others", () => {
  const parts = ["manifests/latest", `manifests/${nowhere}`, `blobs/${nowhere}`, "tags/list", `referrers/${nowhere}`];
  test.each(parts.flatMap((part) => ["GET", "HEAD"].map((method) => [method, part] as const)))(
    "are one answer, by status, headers and body: %s %s",
    async (method, part) => {
      const answers = await Promise.all(
        ["team/secret", "team/none", "qnib/none"].map(async (repository) => {
          const response = await get(`/v2/${repository}/${part}`, { authorization: narrow }, method);
          const headers = [...response.headers].filter(([name]) => !perConnection.has(name));
          return JSON.stringify([response.status, headers, await response.text()]);
        }),
      );
      expect(new Set(answers).size).toBe(1);
    },
  );
});

describe("errors have the specification's form", () => {
  test.each<[string, string, Readonly<Record<string, string>>, string, number, string]>([
    ["GET", `${base}/manifests/none`, { authorization: login }, "manifest", 404, "MANIFEST_UNKNOWN"],
    ["GET", `${base}/blobs/${nowhere}`, { authorization: login }, "blob", 404, "BLOB_UNKNOWN"],
    ["GET", "/v2/none/none/tags/list", { authorization: login }, "tags", 404, "NAME_UNKNOWN"],
    ["GET", "/anything", { authorization: login }, "no path of the API", 404, "NAME_UNKNOWN"],
    ["GET", "/v2/", {}, "no login", 401, "UNAUTHORIZED"],
    ["PUT", `${base}/manifests/latest`, { authorization: login }, "a write", 405, "UNSUPPORTED"],
    ["POST", `${base}/blobs/uploads/`, { authorization: login }, "an upload", 405, "UNSUPPORTED"],
    ["DELETE", `${base}/blobs/${nowhere}`, {}, "a deletion without a login", 405, "UNSUPPORTED"],
  ])("%s %s", async (method, path, headers, _what, status, code) => {
    const response = await get(path, headers, method);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/json"]);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ errors: [{ code, message: expect.stringMatching(/^[\x20-\x7e]+$/) }] });
    expect(response.headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
  });
});

describe("conditions and ranges", () => {
  test.each(["manifest", "blob"])("a %s that the client has is not sent again", async (what) => {
    const manifest = await get(`${base}/manifests/latest`);
    const { layers } = JSON.parse(await manifest.text());
    const path = what === "manifest" ? `${base}/manifests/latest` : `${base}/blobs/${layers[0].digest}`;
    const etag = `"${what === "manifest" ? manifest.headers.get("docker-content-digest") : layers[0].digest}"`;
    for (const method of ["GET", "HEAD"]) {
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const response = await get(path, { authorization: login, "if-none-match": tags }, method);
        expect([response.status, response.headers.get("etag"), await response.text()]).toEqual([304, etag, ""]);
        expect(response.headers.get("vary")).toBe("Authorization");
      }
      expect((await get(path, { authorization: login, "if-none-match": '"other"' }, method)).status).toBe(200);
      expect((await get(path, { "if-none-match": etag }, method)).status).toBe(401);
    }
    const hidden = path.replace("qnib/bench", "qnib/none");
    expect((await get(hidden, { authorization: login, "if-none-match": "*" })).status).toBe(404);
  });

  test("HEAD says what GET says", async () => {
    const manifest = await get(`${base}/manifests/latest`);
    const { layers } = JSON.parse(await manifest.text());
    for (const part of ["manifests/latest", `blobs/${layers[0].digest}`, "tags/list", `referrers/${nowhere}`]) {
      const [got, told] = [await get(`${base}/${part}`), await get(`${base}/${part}`, undefined, "HEAD")];
      const headers = (response: Response) => [...response.headers].filter(([name]) => !perConnection.has(name));
      expect([told.status, headers(told)]).toEqual([got.status, headers(got)]);
      expect(await told.text()).toBe("");
      expect((await got.arrayBuffer()).byteLength).toBe(Number(told.headers.get("content-length")));
    }
  });

  test.each<
    [string, (size: number, etag: string) => Readonly<Record<string, string>>, number, (size: number) => string | null]
  >([
    ["the first bytes", () => ({ range: "bytes=0-9" }), 206, (size) => `bytes 0-9/${size}`],
    ["the last ones", () => ({ range: "bytes=-5" }), 206, (size) => `bytes ${size - 5}-${size - 1}/${size}`],
    [
      "from one on",
      (size) => ({ range: `bytes=${size - 1}-` }),
      206,
      (size) => `bytes ${size - 1}-${size - 1}/${size}`,
    ],
    ["of this version", (_, etag) => ({ range: "bytes=0-0", "if-range": etag }), 206, (size) => `bytes 0-0/${size}`],
    ["of another version", () => ({ range: "bytes=0-0", "if-range": '"other"' }), 200, () => null],
    ["of a weak version", (_, etag) => ({ range: "bytes=0-0", "if-range": `W/${etag}` }), 200, () => null],
    ["several", () => ({ range: "bytes=0-0,2-3" }), 200, () => null],
    ["backwards", () => ({ range: "bytes=5-1" }), 200, () => null],
    ["in another unit", () => ({ range: "lines=0-1" }), 200, () => null],
    ["behind the end", (size) => ({ range: `bytes=${size}-` }), 416, (size) => `bytes */${size}`],
  ])("a range: %s", async (_name, headers, status, range) => {
    const { layers } = JSON.parse(await (await get(`${base}/manifests/latest`)).text());
    const { digest, size } = layers[0];
    const response = await get(`${base}/blobs/${digest}`, { authorization: login, ...headers(size, `"${digest}"`) });
    expect([response.status, response.headers.get("content-range")]).toEqual([status, range(size)]);
    const { byteLength } = await response.arrayBuffer();
    if (status !== 416) expect(byteLength).toBe(Number(response.headers.get("content-length")));
  });
});

test.each([
  ["n=99999999", "n=10000"],
  ["n=-1", ""],
  ["n=x&last=a", "last=a"],
  ["n=2", "n=2"],
])("a page of tags is bounded, whatever is asked for: %s", async (query, passed) => {
  await (await get(`${base}/tags/list?${query}`)).arrayBuffer();
  expect(site.upstream.requests.at(-1)?.path).toBe(`${base}/tags/list${passed === "" ? "" : `?${passed}`}`);
});

test("a query that is too long, or has too many keys, is not passed on", async () => {
  const before = site.upstream.requests.length;
  for (const query of [`last=${"x".repeat(3_000)}`, "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1"]) {
    expect((await get(`${base}/tags/list?${query}`)).status).toBe(404);
  }
  expect(site.upstream.requests.length).toBe(before);
});
