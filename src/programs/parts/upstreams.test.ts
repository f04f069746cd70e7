import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseReference } from "../../oci/reference.ts";
import type { ProxyConfig } from "../../proxy/config.ts";
import { prepareSettings, type UpstreamFlags } from "./upstreams.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-upstreams-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const flags: UpstreamFlags = {
  upstreams: [{ name: "ghcr", host: "ghcr.io" }],
  defaultUpstream: "docker.io",
  plainHttp: [],
  mirrors: ["docker.io=https://mirror.example.com"],
  privateRedirects: [],
  caFile: undefined,
  dockerConfigFile: undefined,
};
const plain: ProxyConfig = { anonymous: false, hints: false, machinePaths: false, limits: {} };
const prepare = (config: Partial<ProxyConfig> | undefined, more: Partial<UpstreamFlags> = {}) =>
  prepareSettings(config && { ...plain, ...config }, {
    flags: { ...flags, ...more },
    inventoryFolder: join(folder, "hub"),
    env: {},
    log: pino({ level: "silent" }),
  });
async function configFile(name: string, host: string, login: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify({ auths: { [host]: { auth: Buffer.from(login).toString("base64") } } }));
  return file;
}

test("flags alone, and fields of a config before the flags that stand for the same", async () => {
  const byFlags = await prepare(undefined);
  expect(byFlags.upstreams.place("ghcr/a/b", undefined)?.reference.name).toBe("ghcr.io/a/b");
  expect([...byFlags.reach.hosts].toSorted()).toEqual(["docker.io", "ghcr.io"]);
  const both = await prepare({
    upstreams: [{ name: "quay", host: "quay.io", mirror: "http://10.0.0.1:5000" }],
    defaultUpstream: "none",
  });
  expect(both.upstreams.place("ghcr/a/b", undefined)).toBeUndefined();
  expect([...both.reach.hosts]).toEqual(["quay.io"]);
  expect(both.reach.mirrors.get("quay.io")).toBe("10.0.0.1:5000");
  const hub = await prepare({ upstreams: [{ name: "hub", host: "docker.io", mirror: "https://own.example.com" }] });
  expect(hub.reach.mirrors.get("docker.io")).toBe("own.example.com");
  expect([both.reach.plainHttp("10.0.0.1:5000"), both.reach.plainHttp("quay.io")]).toEqual([true, false]);
});

test("an upstream may send us to itself, its mirror, and the hosts that are listed, and to no other", async () => {
  const { reach } = await prepare(undefined, { privateRedirects: ["minio.internal"] });
  const hosts = ["ghcr.io", "mirror.example.com", "minio.internal", "db.internal"];
  expect(hosts.map((host) => reach.privateRedirects(host))).toEqual([true, true, true, false]);
});

test("an upstream's own credentials are its alone, and go before the shared ones", async () => {
  const own = await configFile("own.json", "ghcr.io", "own:o");
  const shared = await configFile("shared.json", "https://index.docker.io/v1/", "shared:s");
  const { reach } = await prepare(
    { upstreams: [{ name: "ghcr", host: "ghcr.io", dockerConfigFile: own }] },
    { dockerConfigFile: shared },
  );
  const usernames = async (image: string) =>
    (await reach.keyring.candidates(parseReference(image), AbortSignal.timeout(5_000))).map((one) =>
      one.kind === "basic" ? one.username : one.kind,
    );
  expect(await usernames("ghcr.io/a/b")).toEqual(["own"]);
  expect(await usernames("docker.io/a/b")).toEqual(["shared"]);
});

test.each([
  ["a relative path", "own.json", /must be an absolute path/],
  ["a path in the folder", "HUB/own.json", /outside of the inventory/],
  ["a file that is not there", "FOLDER/no.json", /no such file/],
])("credentials of %s are refused", async (_name, path, message) => {
  const file = path.replace("HUB", join(folder, "hub")).replace("FOLDER", folder);
  const config = { upstreams: [{ name: "ghcr", host: "ghcr.io", dockerConfigFile: file }] };
  await expect(prepare(config)).rejects.toThrow(message);
});

test("upstreams to which clients would take their login along are named", async () => {
  const upstream = (name: string, host: string) => ({ name, host, redirectBlobs: true });
  const { below } = await prepare({
    upstreams: [
      upstream("a", "blobs.hub.example.com:8443"),
      upstream("b", "hub.example.com:5001"),
      upstream("c", "ghcr.io"),
      { name: "d", host: "d.hub.example.com" },
      { ...upstream("e", "e.io"), mirror: "https://e.hub.example.com" },
    ],
  });
  expect(below("hub.example.com")).toEqual(["blobs.hub.example.com:8443", "hub.example.com:5001", "e.hub.example.com"]);
});
