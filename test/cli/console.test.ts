import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { TestBrowser } from "../support/console/browser.ts";
import { type FolderConsole, startFolderConsole } from "./console-program.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const metahub = metahubProgram();

let console: FolderConsole;
let folder: string;
let url: URL;

beforeAll(async () => {
  console = await startFolderConsole();
  ({ folder, url } = console);
});
afterAll(() => console?.close());

test("people of the users file see the folder, change it and sign out", async () => {
  const browser = new TestBrowser(url);
  expect((await browser.api("GET", "/session")).json()).toEqual({ signedIn: false, ways: ["password"] });
  expect((await browser.api("POST", "/session", { ...console.signIn, password: "wrong" })).status).toBe(401);
  const session = await browser.api("POST", "/session", console.signIn);
  expect(session.json()).toMatchObject({ user: "anna", place: { kind: "folder", writable: true } });
  const before = (await browser.api("GET", "/machine-types")).json().items.length;
  const draft = { name: "type9", spec: { nodeSelector: { matchLabels: { pool: "nine" } }, features: ["cpu:zen4"] } };
  expect((await browser.api("POST", "/machine-types", draft)).status).toBe(201);
  expect(await readFile(join(folder, "hub/type9.yaml"), "utf8")).toContain("cpu:zen4");
  await expect.poll(async () => (await browser.api("GET", "/machine-types")).json().items.length).toBe(before + 1);
  const made = await browser.api("POST", "/machine-types/type9/credentials", { name: "nine" });
  expect([made.status, made.json().secret.length > 20]).toEqual([201, true]);
  expect((await browser.api("GET", "/machine-types/type9/credentials")).text).not.toContain(made.json().secret);
  expect((await browser.api("DELETE", "/session")).status).toBe(204);
  expect((await browser.api("GET", "/machine-types")).status).toBe(401);
  await browser.close();
});

test("the page and its script come from the bundle, and the health port tells", async () => {
  const browser = new TestBrowser(url);
  const page = await browser.hop("/");
  const script = /src="(\/?[^"]+\.js)"/.exec(page.text)?.[1] ?? "";
  expect((await browser.hop(`/${script.replace(/^\//, "")}`)).headers["cache-control"]).toContain("immutable");
  const ready = await request(`${console.health}/readyz`);
  expect([ready.statusCode, await ready.body.text()]).toEqual([200, "ok\n"]);
  const metrics = await request(`${console.health}/metrics`);
  expect(await metrics.body.text()).toMatch(/metahub_console_requests_total\{method="GET",route="page",status="200"\}/);
  await browser.close();
});

test("no secret was logged", async () => {
  expect(console.output()).toContain('"user":"anna"');
  expect(console.output()).not.toContain(console.signIn.password);
});

test("told to end, it ends at once, with a page open", async () => {
  const browser = new TestBrowser(url);
  await browser.api("POST", "/session", console.signIn);
  const cookie = [...(browser.cookies.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`).join();
  const stream = await request(new URL("/api/v1/events", url), { headers: { cookie } });
  const said = stream.body.text();
  expect(await console.end()).toEqual([0, null]);
  expect(await said).toContain('{"event":"signed-out"}');
  await browser.close();
});

test.each<[string, readonly string[], RegExp]>([
  ["a password that is short", ["password", "--user", "anna"], /12 characters at least/],
  ["a user that is none", ["password", "--user", "a b"], /--user: letters/],
  ["no address", ["--http"], /--external-url, as browsers reach it/],
  ["an address over plain HTTP", ["--external-url", "http://a.example"], /--external-url/],
  ["an address with a path", ["--external-url", "https://a.example/x"], /--external-url/],
  ["no certificate", ["--external-url", "https://a.example"], /say one of --tls-cert-file/],
  ["plain HTTP on the network", ["--external-url", "https://a.example", "--http"], /--http needs --address/],
  ["a folder without users", ["--http", "--address", "127.0.0.1", "--inventory", "."], /needs --users/],
  ["users without a folder", ["--http", "--address", "127.0.0.1", "--users", "users"], /belong to --inventory/],
  [
    "users in the folder",
    ["--http", "--address", "127.0.0.1", "--inventory", ".", "--users", "./users"],
    /must not lie in the inventory/,
  ],
  [
    "a folder and an issuer",
    ["--http", "--address", "127.0.0.1", "--inventory", ".", "--users", "/u", "--openid-issuer", "https://i.example"],
    /are for a cluster/,
  ],
  [
    "an issuer without a client",
    ["--http", "--address", "::1", "--openid-issuer", "https://i.example"],
    /openid-client-id/,
  ],
  ["sessions that end at once", ["--http", "--address", "::1", "--session-idle", "0m"], /a minute at least/],
  ["proxies that are everybody", ["--http", "--address", "::1", "--trusted-proxy", "0.0.0.0/0"], /--trusted-proxy/],
  ["a registry with a path", ["--http", "--address", "::1", "--registry", "a.example/x"], /--registry/],
])("%s is refused", async (_name, args, expected) => {
  const given = args[0] === "password" || args.includes("--external-url") || _name === "no address";
  const all = given ? args : ["--external-url", "https://a.example", ...args];
  const { code, stdout, stderr } = await metahub(["console", ...all], { stdin: "short\n" });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(expected);
});

test("a users file with a mistake keeps it from starting, by the number of the line", async () => {
  const users = join(folder, "bad");
  await writeFile(users, "anna:hunter2\n");
  const { code, stderr } = await metahub([
    ...["console", "--inventory", join(folder, "hub"), "--users", users],
    ...["--external-url", "https://a.example", "--http", "--address", "127.0.0.1", "--port", "0", "--health-port", "0"],
  ]);
  expect([code, stderr.includes("line 1: expected NAME:HASH"), stderr.includes("hunter2")]).toEqual([1, true, false]);
});
