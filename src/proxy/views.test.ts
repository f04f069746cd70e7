import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { basic, credential, now, rules } from "../../test/support/identity/credentials.ts";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";
import { Door } from "./door.ts";

const log = pino({ level: "silent" });
const credentials = [
  credential("one", "mh_one"),
  credential("two", "mh_two", { machineType: "type2" }),
  credential("mirror", "mh_mirror", { unfiltered: true }),
  credential("narrow", "mh_narrow", { username: "narrow", repositories: ["qnib/*"] }),
];
/** What the operator allows, which tests change. */
const allowed = { anonymous: true, hints: true };

let site: ProxySite;
const settings = { machinePaths: true };
beforeAll(async () => {
  const door = new Door({
    rules: () => rules(credentials, allowed),
    realm: "https://hub.example.com/token",
    now: () => now,
    log,
  });
  site = await startProxySite({ api: { door }, settings });
});
afterAll(() => site.close());

const get = (path: string, authorization?: string, init: RequestInit = {}): Promise<Response> =>
  site.ask(path, undefined, { ...init, headers: authorization === undefined ? {} : { authorization } });
const buildOf = (response: Response): string | undefined =>
  site.builds.tags.get(response.headers.get("docker-content-digest") ?? "");

async function tokenOf(authorization?: string, scope = "repository:qnib/bench:pull"): Promise<Response> {
  return await get(`/token?${new URLSearchParams({ service: "hub", scope })}`, authorization);
}
async function bearer(authorization?: string, scope?: string): Promise<string> {
  const { token } = JSON.parse(await (await tokenOf(authorization, scope)).text());
  return `Bearer ${token}`;
}

test("who does not log in is refused, and gets the generic build with the token that is given", async () => {
  const refused = await get("/v2/qnib/bench/manifests/latest");
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
    401,
    'Bearer realm="https://hub.example.com/token",service="hub",scope="repository:qnib/bench:pull"',
  ]);
  expect((await get("/v2/")).status).toBe(401);
  const response = await get("/v2/qnib/bench/manifests/latest", await bearer());
  expect(buildOf(response)).toBe("generic");
});

test("a wrong login gets no anonymous token, and an anonymous token ends where the view does", async () => {
  const token = await bearer();
  expect((await tokenOf(basic("one", "mh_wrong"))).status).toBe(401);
  allowed.anonymous = false;
  try {
    expect((await tokenOf()).status).toBe(401);
    expect((await get("/v2/qnib/bench/manifests/latest", token)).status).toBe(401);
  } finally {
    allowed.anonymous = true;
  }
});

test.each([
  ["any+cpu=skylake", "cpu-skylake"],
  ["any+cpu:skylake,nvcap:5.2", "cpu_broadwell-nvcap_52"],
  ["any+cpu=broadwell,nvcap=5.2", "cpu_broadwell-nvcap_52"],
  ["+cpu=broadwell", "cpu-broadwell"],
])("a hint in the user name brings the build for it: %s", async (user, build) => {
  const colon = user.replaceAll(":", "%3A");
  for (const authorization of [basic(colon, "x"), await bearer(basic(colon, "x"))]) {
    expect(buildOf(await get("/v2/qnib/bench/manifests/latest", authorization))).toBe(build);
  }
});

test.each([
  ["another platform's CPU", "any+cpu=neoverse_n1", 404, /no build for a machine that offers cpu:neoverse_n1/],
  ["no feature", "any+", 401, /log in/],
  ["no list of features", "any+%2F..", 401, /log in/],
  ["10 kB of them", `any+${"a=b,".repeat(2_500)}`, 401, /log in/],
])("a hint that brings nothing is told so: %s", async (_name, user, status, message) => {
  const response = await get("/v2/qnib/bench/manifests/latest", basic(user, "x"));
  expect(response.status).toBe(status);
  expect(JSON.parse(await response.text()).errors[0].message).toMatch(message);
});

test("a hint is nobody's where none is allowed", async () => {
  allowed.hints = false;
  try {
    const response = await get("/v2/qnib/bench/manifests/latest", basic("any+cpu=skylake", "x"));
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="hub"']);
  } finally {
    allowed.hints = true;
  }
});

test("a path may name the machine type of whoever asks, and no other", async () => {
  const path = "/v2/machine/type1/qnib/bench/manifests/latest";
  const type1 = await get("/v2/qnib/bench/manifests/latest", basic("type1", "mh_one"));
  const named = await get(path, basic("type1", "mh_one"));
  expect([named.status, buildOf(named)]).toEqual([200, buildOf(type1)]);
  const token = await bearer(basic("type1", "mh_one"), "repository:machine/type1/qnib/bench:pull");
  expect((await get(path, token)).status).toBe(200);
  expect((await get("/v2/qnib/bench/manifests/latest", token)).status).toBe(401);
  for (const other of [basic("type2", "mh_two"), basic("mirror", "mh_mirror"), basic("any+cpu=zen2", "x")]) {
    expect((await get(path, other)).status).toBe(401);
  }
  const anonymous = await bearer(undefined, "repository:machine/type1/qnib/bench:pull");
  expect((await get(path, anonymous)).status).toBe(401);
  const hidden = await get("/v2/machine/type1/team/secret/manifests/latest", basic("narrow", "mh_narrow"));
  expect(hidden.status).toBe(404);
});

test("blobs, tags and their links are there under such a path too", async () => {
  const login = basic("type1", "mh_one");
  const base = "/v2/machine/type1/qnib/bench";
  const { layers } = JSON.parse(await (await get(`${base}/manifests/latest`, login)).text());
  const blob = await get(`${base}/blobs/${layers[0].digest}`, login);
  expect([blob.status, (await blob.arrayBuffer()).byteLength]).toEqual([200, layers[0].size]);
  const tags = await get(`${base}/tags/list?n=1`, login);
  const [, next = ""] = /^<([^>]+)>; rel="next"$/.exec(tags.headers.get("link") ?? "") ?? [];
  expect(next).toMatch(new RegExp(`^${base}/tags/list\\?`));
  expect((await get(next, login)).status).toBe(200);
});

test.each(["/v2/machine/type1/manifests/latest", "/v2/machine/manifests/latest"])(
  "a machine type without a repository is not there: %s",
  async (path) => {
    expect((await get(path, basic("type1", "mh_one"))).status).toBe(404);
  },
);

test("where paths may not name one, they name a repository", async () => {
  settings.machinePaths = false;
  const other = await startProxySite({ settings });
  try {
    const response = await other.ask("/v2/machine/type1/qnib/bench/manifests/latest", "type1");
    expect(response.status).toBe(404);
    const asked = other.upstream.requests.at(-1)?.path;
    expect(asked).toBe("/v2/machine/type1/qnib/bench/manifests/latest");
  } finally {
    settings.machinePaths = true;
    await other.close();
  }
});
