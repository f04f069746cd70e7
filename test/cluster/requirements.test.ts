import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cluster } from "./cluster.ts";
import { ClusterError, MissingRequirement } from "./error.ts";
import { isRequired, requireLevel } from "./require.ts";
import { requireNodes } from "./requirements.ts";

const allPrograms = ["containerd", "containerd-shim-runc-v2", "ip", "mount", "nft", "runc", "umount"];
const allPlugins = ["bridge", "host-local", "loopback"];
let base = "";

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "metahub-machine-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function machineWith(programs: readonly string[], plugins: readonly string[]): Parameters<typeof requireNodes>[0] {
  const dir = mkdtempSync(join(base, "m-"));
  for (const [folder, names] of [["bin", programs] as const, ["cni", plugins] as const]) {
    mkdirSync(join(dir, folder));
    for (const name of names) {
      writeFileSync(join(dir, folder, name), "");
      chmodSync(join(dir, folder, name), 0o755);
    }
  }
  const cniFolders = [join(dir, "none"), join(dir, "cni")];
  return { os: "linux", uid: 0, path: join(dir, "bin"), cniFolders, osRelease: "ID=debian\n" };
}

const without = (...names: string[]): string[] => allPrograms.filter((one) => !names.includes(one));

describe("what level nodes needs of the machine", () => {
  test("all of it is there", () => {
    const machine = machineWith(allPrograms, allPlugins);
    expect(requireNodes(machine)).toEqual({
      containerd: `${machine?.path}/containerd`,
      cni: machine?.cniFolders[1],
    });
  });

  test.each([
    ["missing: containerd. To get it: apt-get install containerd", without("containerd"), allPlugins],
    ["missing: containerd. To get it: apt-get install containerd", without("containerd-shim-runc-v2"), allPlugins],
    [
      "missing: runc, CNI plugins, nft. To get it: apt-get install runc containernetworking-plugins nftables",
      without("runc", "nft"),
      ["bridge"],
    ],
  ])("%s", (message, programs, plugins) => {
    const [what, remedy] = split(message);
    const packages = remedy.split(" ").slice(2);
    expect(() => requireNodes(machineWith(programs, plugins))).toThrow(
      new MissingRequirement(what, remedy, { packages }),
    );
  });

  test("an ordinary user is told to be root, another system to use kind", () => {
    const machine = machineWith(allPrograms, allPlugins);
    if (machine === undefined) throw new Error("no machine");
    expect(() => requireNodes({ ...machine, uid: 1000 })).toThrow(/^missing: root, .*sudo/);
    expect(() => requireNodes({ ...machine, os: "darwin" })).toThrow(/^missing: Linux, .*kind/);
  });
});

function split(message: string): [string, string] {
  const [what = "", remedy = ""] = message.slice("missing: ".length).split(". To get it: ");
  return [what, remedy];
}

describe("a level that the machine lacks", () => {
  const options = { level: "nodes", signal: new AbortController().signal } as const;
  const lacks = (): Promise<Cluster> =>
    Promise.reject(new MissingRequirement("runc", "apt-get install runc", { packages: ["runc"] }));

  test("is skipped with one line", async () => {
    expect(await requireLevel(options, {}, lacks)).toEqual({
      skip: "no cluster of level nodes; missing: runc. To get it: apt-get install runc",
      packages: ["runc"],
    });
  });

  test("is a failure where it is required, and so is everything but a lack", async () => {
    await expect(requireLevel(options, { METAHUB_TEST_REQUIRE: "nodes" }, lacks)).rejects.toThrow("missing: runc");
    const broken = (): Promise<Cluster> => Promise.reject(new ClusterError("timeout", "slow"));
    await expect(requireLevel(options, {}, broken)).rejects.toThrow("slow");
  });

  test.each([
    ["api", undefined, false],
    ["nodes", "", false],
    ["api", "api", true],
    ["nodes", "api", false],
    ["api", "nodes", true],
    ["nodes", "nodes", true],
  ] as const)("%s with METAHUB_TEST_REQUIRE=%s: required %s", (level, value, expected) => {
    expect(isRequired(level, { METAHUB_TEST_REQUIRE: value })).toBe(expected);
  });

  test("is never guessed from a misspelling", () => {
    expect(() => isRequired("api", { METAHUB_TEST_REQUIRE: "node" })).toThrow('"node"; it can be api or nodes');
  });
});
