import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { credential } from "../../test/support/identity/credentials.ts";
import type { Credentials } from "../identity/credentials.ts";
import type { ProxyConfig } from "./config.ts";
import { HubFolder } from "./hub-folder.ts";

// They wait for readings, which come at once or never.
vi.setConfig({ testTimeout: 15_000 });

let folder: string;
let followed: HubFolder<ProxyConfig | undefined> | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-credentials-"));
});
afterEach(async () => {
  await followed?.close();
  followed = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Tells of each reading, and lets a test wait for one. */
class Readings {
  readonly seen: (Credentials | Error)[] = [];
  #tell = Promise.withResolvers<void>();

  add(one: Credentials | Error): void {
    this.seen.push(one);
    this.#tell.resolve();
    this.#tell = Promise.withResolvers<void>();
  }

  /** The first reading, old or new, of which that is true. */
  async until<T>(found: (one: Credentials | Error) => T | undefined): Promise<T> {
    for (;;) {
      const last = this.seen.at(-1);
      const wanted = last === undefined ? undefined : found(last);
      if (wanted !== undefined) return wanted;
      await this.#tell.promise;
    }
  }
}

const write = async (name: string, objects: readonly object[] | string): Promise<void> => {
  const text = typeof objects === "string" ? objects : objects.map((one) => JSON.stringify(one)).join("\n---\n");
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
};
const follow = (prepare: (config: ProxyConfig | undefined) => ProxyConfig | undefined = (config) => config) => {
  const readings = new Readings();
  const opened = new HubFolder({
    folder,
    prepare,
    onChange: ({ credentials }) => readings.add(credentials),
    onError: (error) => readings.add(error instanceof Error ? error : new Error(String(error))),
  });
  followed = opened;
  const now = {
    synced: opened.synced,
    get current() {
      return opened.content?.credentials;
    },
    get content() {
      return opened.content;
    },
  };
  return [now, readings] as const;
};
const names = (one: Credentials | Error, ...ids: string[]) =>
  "byId" in one && ids.every((id) => one.byId(id) !== undefined) ? one : undefined;

test("credentials come and go with their files, beside whatever else is in the folder", async () => {
  await write("a.yaml", [credential("a", "s"), { apiVersion: "v1", kind: "Node", metadata: { name: "n" } }]);
  const [credentials, readings] = follow();
  expect(credentials.current?.byId("a")).toBeUndefined();
  await credentials.synced;
  expect(credentials.current?.byId("a")).toBeDefined();
  await write("b.yaml", [credential("b", "t")]);
  expect(await readings.until((one) => names(one, "a", "b"))).toBe(credentials.current);
  await rm(join(folder, "a.yaml"));
  await readings.until((one) => ("byId" in one && one.byId("a") === undefined ? one : undefined));
  expect(credentials.current?.byId("b")).toBeDefined();
});

test.each([
  ["no YAML", "kind: [", /not valid YAML/],
  [
    "a credential that is none",
    [{ ...credential("x", "s"), spec: { machineType: "type1" } }],
    /x.yaml: spec.secretHash/,
  ],
  ["a credential that is there", [credential("a", "t")], /a stands twice/],
])("a change with %s is not taken, not even the rest of it", async (_, objects, message) => {
  await write("a.yaml", [credential("a", "s")]);
  const [credentials, readings] = follow();
  await credentials.synced;
  await write("x.yaml", objects);
  await readings.until((one) => (one instanceof Error && message.test(one.message) ? one : undefined));
  const before = readings.seen.length;
  await write("b.yaml", [credential("b", "t")]);
  await readings.until((one) => (readings.seen.length > before && one instanceof Error ? one : undefined));
  expect(credentials.current?.find("type1", "s")?.metadata.name).toBe("a");
  expect(credentials.current?.byId("b")).toBeUndefined();
  await rm(join(folder, "x.yaml"));
  await readings.until((one) => names(one, "a", "b"));
});

const config = (spec: object) => ({
  apiVersion: "metahub.dev/v1alpha1",
  kind: "ProxyConfig",
  metadata: { name: "hub" },
  spec,
});
const type = (name: string) => ({
  apiVersion: "metahub.dev/v1alpha1",
  kind: "MachineType",
  metadata: { name },
  spec: { nodeSelector: { matchLabels: { a: "b" } }, platform: { os: "linux", architecture: "amd64" } },
});

test.each<[string, readonly object[], RegExp]>([
  ["a config of an unknown field", [config({ anonymus: true })], /x.yaml.*anonymus/],
  ["a second config", [config({}), config({})], /document 2: a second ProxyConfig/],
  ["a config that cannot be prepared", [config({ defaultUpstream: "cannot.example.com" })], /cannot be prepared/],
  ["a machine type that stands twice", [type("t"), type("t")], /stands twice/],
])("a change with %s changes neither credentials nor machine types nor settings", async (_name, objects, message) => {
  await write("a.yaml", [credential("a", "s"), type("one"), config({ hints: true })]);
  const [hub, readings] = follow((read) => {
    if (read?.defaultUpstream === "cannot.example.com") throw new Error("cannot be prepared");
    return read;
  });
  await hub.synced;
  const before = hub.content;
  expect(before?.settings).toMatchObject({ hints: true, anonymous: false });
  // The config of before would be the second one.
  await write("a.yaml", [credential("a", "s"), credential("b", "t"), type("two")]);
  await readings.until((one) => names(one, "a", "b"));
  const right = hub.content;
  await write("x.yaml", objects);
  await write("y.yaml", [credential("c", "u"), type("three")]);
  await readings.until((one) => (one instanceof Error && message.test(one.message) ? one : undefined));
  expect(hub.content).toBe(right);
  expect([...(right?.snapshot?.machineTypes.keys() ?? [])]).toEqual(["two"]);
  await rm(join(folder, "x.yaml"));
  await readings.until((one) => names(one, "a", "b", "c"));
  expect([...(hub.content?.snapshot?.machineTypes.keys() ?? [])].toSorted()).toEqual(["three", "two"]);
});

test("a secret where its hash belongs is refused and not repeated", async () => {
  const secret = `mh_${"A".repeat(43)}`;
  await write("a.yaml", [{ ...credential("a", "s"), spec: { machineType: "type1", secretHash: secret } }]);
  const [credentials] = follow();
  await expect(credentials.synced).rejects.toThrow(/a.yaml: spec.secretHash/);
  await expect(credentials.synced).rejects.not.toThrow(new RegExp(secret));
});

test("a folder that is not there is told at once", async () => {
  await rm(folder, { recursive: true });
  const [credentials] = follow();
  await expect(credentials.synced).rejects.toThrow(/no such file or folder/);
});
