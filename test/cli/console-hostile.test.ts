import { once } from "node:events";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { residentOf } from "../bench/siege/memory-limit.ts";
import { TestBrowser } from "../support/console/browser.ts";
import { type FolderConsole, startFolderConsole } from "./console-program.ts";

// Each waits for a process, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let console: FolderConsole;
let anna: TestBrowser;

beforeAll(async () => {
  console = await startFolderConsole();
  anna = new TestBrowser(console.url);
  expect((await anna.api("POST", "/session", console.signIn)).status).toBe(201);
});
afterAll(async () => {
  await anna?.close();
  await console?.close();
});

/** A path as it is, with nothing in it resolved. */
async function get(path: string): Promise<{ readonly response: IncomingMessage; readonly said: string }> {
  const sent = request({ host: "127.0.0.1", port: console.url.port, path, agent: false });
  sent.setHeader("host", console.url.host).end();
  const [response] = await once(sent, "response");
  return { response, said: await text(response) };
}

/** All files, with what is in them. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return new Map(await Promise.all(files.sort().map(async (file) => [file, await readFile(file, "utf8")] as const)));
}

test.each([
  "/../users",
  "/../../users",
  "/..%2f..%2fusers",
  "/%2e%2e/users",
  "/..\\users",
  "//users",
  "/index.html/../../users",
  "/users%00.js",
  "/api/v1/machine-types/..%2f..%2fusers",
  "/api/v1/../../users",
])("%s leads to no file", async (path) => {
  const { response, said } = await get(path);
  expect([400, 401, 404]).toContain(response.statusCode);
  expect(said).not.toContain("anna");
});

const leading = ["../users", "..", "a/b", "/tmp/a", ".hidden", "a\u0000b", "a\\b", "%2e%2e", "a/../../users"];

test.each(leading)("%j is no name for a file, of a machine type or of a credential", async (name) => {
  const before = await filesOf(console.folder);
  const spec = { nodeSelector: { matchLabels: { pool: "x" } } };
  const path = `/machine-types/${encodeURIComponent(name)}`;
  const answers = [
    await anna.api("POST", "/machine-types", { name, spec }),
    await anna.api("PUT", path, { name, spec }),
    await anna.api("DELETE", path),
    await anna.api("POST", "/machine-types/type1/credentials", { name }),
    await anna.api("POST", `${path}/credentials`, { name: "a" }),
    await anna.api("DELETE", `/machine-types/type1/credentials/${encodeURIComponent(name)}`),
  ];
  for (const { status } of answers) expect([400, 404, 422]).toContain(status);
  expect(await filesOf(console.folder)).toEqual(before);
});

test("a file of the folder that is a link to elsewhere is not written", async () => {
  const outside = join(console.folder, "outside.yaml");
  const spec = { external: true, platform: { os: "linux", architecture: "amd64" } };
  const type = { apiVersion: "metahub.dev/v1alpha1", kind: "MachineType", metadata: { name: "linked" }, spec };
  await writeFile(outside, JSON.stringify(type));
  await symlink(outside, join(console.folder, "hub/linked.yaml"));
  await expect.poll(async () => (await anna.api("GET", "/machine-types/linked")).status).toBe(200);
  const { resourceVersion } = (await anna.api("GET", "/machine-types/linked")).json();
  const changed = { name: "linked", resourceVersion, spec: { ...spec, priority: 9 } };
  expect((await anna.api("PUT", "/machine-types/linked", changed)).status).toBe(403);
  expect((await anna.api("DELETE", "/machine-types/linked")).status).toBe(403);
  expect(await readFile(outside, "utf8")).toBe(JSON.stringify(type));
});

test("forms of 10 MB are refused before they are held, and others are answered", async ({ skip }) => {
  skip(process.platform !== "linux", "only Linux tells what a process holds");
  const { now } = residentOf(console.pid);
  const form = "x".repeat(10_000_000);
  const stranger = new TestBrowser(console.url);
  // Nobody reads the rest of what was refused: the connection may end before the answer is there.
  const send = async (browser: TestBrowser): Promise<number> =>
    (await browser.api("POST", "/machine-types", { form }).catch(() => ({ status: 0 }))).status;
  const crowd = (browser: TestBrowser) => Array.from({ length: 12 }, () => send(browser));
  const [own, strangers] = [Promise.all(crowd(anna)), Promise.all(crowd(stranger))];
  const others = await Promise.all(Array.from({ length: 5 }, () => anna.api("GET", "/machine-types")));
  expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  for (const status of await own) expect([0, 413]).toContain(status);
  for (const status of await strangers) expect([0, 401]).toContain(status);
  expect([...(await own), ...(await strangers)].filter((status) => status !== 0)).not.toEqual([]);
  // 240 MB were sent, of which nothing is held.
  expect(now).toBeGreaterThan(0);
  expect(residentOf(console.pid).most - now).toBeLessThan(120_000_000);
  await stranger.close();
});

test.each(["/", "/icon.svg", "/nothing", "/api/v1/session", "/api/v1/nodes", "/openid/start"])(
  "%s has all headers that protect its reader",
  async (path) => {
    const { response } = await get(path);
    expect(response.headers).toMatchObject({
      "content-security-policy":
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    for (const name of ["x-powered-by", "server", "access-control-allow-origin"]) {
      expect(response.headers[name], name).toBeUndefined();
    }
  },
);
