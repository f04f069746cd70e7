import { describe, expect, test } from "vitest";
import { putManifest } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import type { RegistryAuth } from "../../test/support/registry/guard.ts";
import type { RunningRegistry } from "../../test/support/registry/start.ts";
import type { Credentials } from "../credentials/credentials.ts";
import { parseReference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import type { RegistryClient } from "./client.ts";
import type { RegistryError } from "./error.ts";
import { checkRealm } from "./tokens.ts";

const fixture = registryFixture();
const users = { ann: "secret-of-ann" };
const ann: Credentials = { kind: "basic", username: "ann", password: "secret-of-ann" };
const as = (credentials: Credentials | undefined): Access => ({ credentials, signal: AbortSignal.timeout(10_000) });

async function registry(auth: RegistryAuth): Promise<RunningRegistry> {
  const running = await fixture.registry({ auth });
  for (const repository of ["team/app", "team/other"]) await putManifest(running.store, repository, "v1", "x");
  return running;
}

async function resolve(
  client: RegistryClient,
  running: RunningRegistry,
  credentials: Credentials | undefined,
  repository = "team/app",
): Promise<string> {
  return (await client.resolve(parseReference(`${running.host}/${repository}:v1`), as(credentials))).digest;
}

/** Method, path without its query, and scheme of what was shown. */
function asked(running: RunningRegistry): string[] {
  return running.requests.map(({ method, path, headers }) =>
    [method, path.replace(/\?.*/, ""), headers.authorization?.split(" ")[0]]
      .filter((part) => part !== undefined)
      .join(" "),
  );
}

const app = "/v2/team/app/manifests/v1";
const other = "/v2/team/other/manifests/v1";

describe("Basic", () => {
  test("is shown only once asked for, and at once from then on", async () => {
    const running = await registry({ scheme: "basic", users });
    const client = fixture.client();
    await resolve(client, running, ann);
    await resolve(client, running, ann, "team/other");
    expect(asked(running)).toEqual([`HEAD ${app}`, `HEAD ${app} Basic`, `HEAD ${other} Basic`]);
  });

  test.each([
    ["wrong password", { ...ann, password: "wrong" }],
    ["none", undefined],
    ["an identity token, which Basic has no use for", { kind: "identity", token: "t" } as const],
  ])("%s: UNAUTHORIZED", async (_name, credentials) => {
    const running = await registry({ scheme: "basic", users });
    await expect(resolve(fixture.client(), running, credentials)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("is not shown to the host that a redirect leads to, nor to a challenge from there", async () => {
    const [running, storage] = [await registry({ scheme: "basic", users }), await registry({ scheme: "basic", users })];
    const client = fixture.client();
    await resolve(client, running, ann);
    running.faults.add({ path: /other/, fault: { kind: "redirect", location: `http://${storage.host}${other}` } });
    await expect(resolve(client, running, ann, "team/other")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(asked(storage)).toEqual([`HEAD ${other}`, `GET ${other}`]);
  });

  test("is shown again on the same host after a redirect there", async () => {
    const running = await registry({ scheme: "basic", users });
    running.faults.add({ path: /other/, fault: { kind: "redirect", location: app } });
    const client = fixture.client();
    await resolve(client, running, ann);
    await resolve(client, running, ann, "team/other");
    expect(asked(running).slice(-2)).toEqual([`HEAD ${other} Basic`, `HEAD ${app} Basic`]);
  });
});

describe("bearer tokens", () => {
  test("are bought without credentials at a registry that a redirect leads to", async () => {
    const [front, behind] = [await registry({ scheme: "basic", users }), await registry({ scheme: "bearer", users })];
    front.faults.add({ path: /team/, fault: { kind: "redirect", location: `http://${behind.host}${other}` } });
    // The one behind serves nobody without a name: it is asked, and shown no credentials of the one in front.
    await expect(resolve(fixture.client(), front, ann)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(asked(behind).some((line) => line.endsWith("Basic"))).toBe(false);
    const open = await registry({ scheme: "bearer", users, anonymousPull: true });
    front.faults.clear();
    front.faults.add({ path: /team/, fault: { kind: "redirect", location: `http://${open.host}${other}` } });
    await resolve(fixture.client(), front, ann);
    expect(asked(open)).toEqual([`HEAD ${other}`, "GET /token", `HEAD ${other} Bearer`]);
    expect(open.requests.find(({ path }) => path.startsWith("/token"))?.path).toContain("team%2Fother");
  });

  test("are bought once for each scope, and their challenge is remembered", async () => {
    const running = await registry({ scheme: "bearer", users });
    const client = fixture.client({ tagTtlMs: 0 });
    await resolve(client, running, ann);
    await resolve(client, running, ann);
    await resolve(client, running, ann, "team/other");
    expect(asked(running)).toEqual([
      `HEAD ${app}`,
      "GET /token Basic",
      `HEAD ${app} Bearer`,
      `HEAD ${app} Bearer`,
      "GET /token Basic",
      `HEAD ${other} Bearer`,
    ]);
  });

  test("are bought without credentials where there are none", async () => {
    const running = await registry({ scheme: "bearer", users, anonymousPull: true });
    await resolve(fixture.client(), running, undefined);
    expect(asked(running)).toEqual([`HEAD ${app}`, "GET /token", `HEAD ${app} Bearer`]);
  });

  test("are bought with an identity token by POST, not in an address", async () => {
    const running = await registry({ scheme: "bearer", users, identityTokens: ["refresh-me"] });
    await resolve(fixture.client(), running, { kind: "identity", token: "refresh-me" });
    expect(asked(running)).toEqual([`HEAD ${app}`, "POST /token", `HEAD ${app} Bearer`]);
    expect(running.requests.map(({ path }) => path).join()).not.toContain("refresh-me");
  });

  test("are shown for half a minute at most, however long they live: a right that was taken away ends with that", async () => {
    const running = await registry({ scheme: "bearer", users, tokenLife: 3600 });
    let now = Date.now();
    const client = fixture.client({ tagTtlMs: 0, now: () => now });
    await resolve(client, running, ann);
    const bought = (): number => asked(running).filter((line) => line === "GET /token Basic").length;
    now += 29_999;
    await resolve(client, running, ann);
    expect(bought()).toBe(1);
    now += 1;
    await resolve(client, running, ann);
    expect(bought()).toBe(2);
  });

  test("are asked for at another host on a private address only where the operator listed it", async () => {
    const server = await registry({ scheme: "bearer", users });
    const running = await fixture.registry();
    await putManifest(running.store, "team/app", "v1", "x");
    const challenge = { "www-authenticate": `Bearer realm="http://${server.host}/token",service="test"` };
    running.faults.add({ path: /manifests/, times: 2, fault: { kind: "status", status: 401, headers: challenge } });
    const refused = resolve(fixture.client({ privateRedirects: () => false }), running, ann);
    await expect(refused).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(server.requests).toEqual([]);
    await resolve(fixture.client({ privateRedirects: (host) => host === server.host }), running, ann);
    expect(asked(server)).toEqual(["GET /token Basic"]);
  });

  test("a registry token is shown as it is", async () => {
    const running = await registry({ scheme: "bearer", users });
    const shown = resolve(fixture.client(), running, { kind: "registry", token: "ready-made" });
    await expect(shown).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(asked(running)).toEqual([`HEAD ${app} Bearer`, `GET ${app} Bearer`]);
  });

  test("are bought again when they end, and when the registry refuses them", async () => {
    const running = await registry({ scheme: "bearer", users, tokenLife: 3600 });
    let now = Date.now();
    const client = fixture.client({ tagTtlMs: 0, now: () => now });
    await resolve(client, running, ann);
    const before = running.requests.length;
    now += 3_590_000;
    await resolve(client, running, ann);
    expect(asked(running).slice(before)).toEqual(["GET /token Basic", `HEAD ${app} Bearer`]);
    const challenge = { "www-authenticate": `Bearer realm="http://${running.host}/token",service="test"` };
    running.faults.add({ path: /manifests/, times: 1, fault: { kind: "status", status: 401, headers: challenge } });
    const again = running.requests.length;
    await resolve(client, running, ann);
    expect(asked(running).slice(again)).toEqual([`HEAD ${app} Bearer`, "GET /token Basic", `HEAD ${app} Bearer`]);
  });

  test("of one account are not shown for another", async () => {
    const running = await registry({ scheme: "bearer", users });
    const client = fixture.client();
    await resolve(client, running, ann);
    const before = running.requests.length;
    await expect(resolve(client, running, undefined)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    // Nor does one account's challenge make another one buy tokens before it was asked to.
    expect(asked(running)[before]).toBe(`HEAD ${app}`);
  });

  test("wrong credentials: UNAUTHORIZED, which names no secret", async () => {
    const running = await registry({ scheme: "bearer", users });
    const wrong = { ...ann, password: "hunter2" };
    const error: unknown = await resolve(fixture.client(), running, wrong).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "UNAUTHORIZED" });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/hunter2|aHVudGVyMg/);
  });

  test("many at once buy one token", async () => {
    const running = await registry({ scheme: "bearer", users });
    const client = fixture.client({ tagTtlMs: 0 });
    await resolve(client, running, ann, "team/other");
    const digest = `sha256:${"0".repeat(64)}`;
    const before = running.requests.length;
    const references = ["v1", "v2", "v3"].map((tag) => parseReference(`${running.host}/team/app:${tag}`));
    await Promise.allSettled(references.map((reference) => client.resolve({ ...reference, digest }, as(ann))));
    await Promise.allSettled(references.map((reference) => client.resolve(reference, as(ann))));
    expect(
      asked(running)
        .slice(before)
        .filter((line) => line.includes("/token")),
    ).toHaveLength(1);
  });
});

describe("a hostile token server", () => {
  const service = 'service="s"';
  const cases: readonly (readonly [name: string, realm: string, code: RegistryError["code"]])[] = [
    ["at a metadata address", "https://169.254.169.254/token", "REFUSED_HOST"],
    ["on loopback", "https://localhost:1/token", "REFUSED_HOST"],
    ["over plain HTTP where that is not allowed", "http://tokens.example.com/token", "REFUSED_HOST"],
    ["with user info", "https://a:b@tokens.example.com/", "INVALID"],
    ["that is no URL", "not a url", "INVALID"],
    ["over another protocol", "file:///etc/passwd", "REFUSED_HOST"],
  ];
  test.each(cases)("%s gives no credentials away", async (_name, realm, code) => {
    const running = await registry({ scheme: "bearer", users, realm: `${realm}",${service},x="` });
    const client = fixture.client({ plainHttp: (host) => host === running.host });
    await expect(resolve(client, running, ann)).rejects.toMatchObject({
      code,
      message: expect.not.stringMatching(/169\.254|passwd|a:b|tokens\.example/),
    });
    expect(asked(running)).toEqual([`HEAD ${app}`]);
  });

  test.each([
    ["hangs", { kind: "hang" }, "TIMEOUT"],
    ["never ends", { kind: "endless" }, "TOO_LARGE"],
    ["sends us on", { kind: "redirect", location: "http://127.0.0.1:1/" }, "INVALID"],
    ["refuses", { kind: "status", status: 403 }, "DENIED"],
    ["fails", { kind: "status", status: 502 }, "SERVER_ERROR"],
    ["answers no JSON", { kind: "body", bytes: Buffer.from("<html>") }, "INVALID"],
    ["answers no token", { kind: "body", bytes: Buffer.from('{"token":["x"]}') }, "INVALID"],
    ["answers a token with a line break", { kind: "body", bytes: Buffer.from('{"token":"a\\r\\nx: y"}') }, "INVALID"],
    ["answers inherited fields", { kind: "body", bytes: Buffer.from('{"__proto__":{"token":"x"}}') }, "INVALID"],
  ] as const)("that %s", async (_name, fault, code) => {
    const running = await registry({ scheme: "bearer", users });
    running.faults.add({ path: /^\/token$/, fault });
    await expect(resolve(fixture.client(), running, ann)).rejects.toMatchObject({ code });
  });

  test("that moved is found again", async () => {
    const running = await registry({ scheme: "bearer", users, tokenLife: 1 });
    let now = Date.now();
    const client = fixture.client({ tagTtlMs: 0, now: () => now });
    await resolve(client, running, ann);
    running.faults.add({ path: /^\/token$/, times: 1, fault: { kind: "status", status: 404 } });
    now += 1_000;
    await expect(resolve(client, running, ann)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const before = running.requests.length;
    now += 5_000;
    await resolve(client, running, ann);
    expect(asked(running)[before]).toBe(`HEAD ${app}`);
  });
});

describe("a token server's address", () => {
  const https = new URL("https://r.example.com/v2/a/manifests/b");
  const http = new URL("http://r.example.com/v2/a/manifests/b");
  test.each([
    ["https://auth.example.com/token?x=y", https, () => false, true],
    ["https://auth.example.com/token", http, () => true, true],
    ["http://auth.example.com/token", http, () => true, true],
    ["http://auth.example.com/token", http, (host: string) => host === "r.example.com", false],
    ["http://auth.example.com/token", https, () => true, false],
    [`https://a/${"x".repeat(3000)}`, https, () => true, false],
  ] as const)("%s from %s", (realm, asker, plainHttp, allowed) => {
    if (allowed) expect(checkRealm(realm, asker, plainHttp).href).toBe(realm);
    else expect(() => checkRealm(realm, asker, plainHttp)).toThrow(expect.objectContaining({ name: "RegistryError" }));
  });
});
