import { describe, expect, test } from "vitest";
import type { WrittenEntry } from "../../oci/written.ts";
import { takenByContainerd2, takenByContainerd16, takenByContainerd17 } from "./containerd.ts";
import { takenByCriO } from "./cri-o.ts";
import { takenByDocker28, takenByDocker29 } from "./docker.ts";

// Rules that are compiled on Windows only, by their source: containerd v1.6.36 (platforms/defaults_windows.go, Less by
// revision), v1.7.35 (platforms v0.2.1, Ordered), v2.4.2 (platforms v1.0.0-rc.5, Less by text), Docker v28.5.2
// (distribution/pull_v2_windows.go).

const windows = (version: string, architecture = "amd64"): WrittenEntry["platform"] => ({
  os: "windows",
  architecture,
  osVersion: version,
});
const list = (...platforms: readonly WrittenEntry["platform"][]): readonly WrittenEntry[] =>
  platforms.map((platform, leads) => ({ ...(platform && { platform }), leads }));
const host = (version: string) => ({ os: "windows", architecture: "amd64", osVersion: version });

const none = "nothing";
const rows: readonly [name: string, entries: readonly WrittenEntry[], host: string, ...(number | "nothing")[]][] = [
  ["its own release", list(windows("10.0.17763.1"), windows("10.0.20348.1")), "10.0.20348", 1, 1, 1, 1],
  ["a release before", list(windows("10.0.20348.9"), windows("10.0.26100.1")), "10.0.26100", 1, 0, 0, 1],
  ["two revisions", list(windows("10.0.20348.9"), windows("10.0.20348.10")), "10.0.20348", 0, 0, 1, 0],
  ["an older release that only Docker tries", list(windows("10.0.14393.1")), "10.0.17763.5", none, none, none, 0],
  ["a later release", list(windows("10.0.26100.1")), "10.0.20348", none, none, none, none],
  ["386", list(windows("10.0.20348.1", "386")), "10.0.20348", none, 0, none, none],
  ["without a version", list({ os: "windows", architecture: "amd64" }), "10.0.20348", 0, 0, 0, 0],
  ["Linux", list({ os: "linux", architecture: "amd64" }), "10.0.20348", none, none, none, none],
  ["no platform at all", list(undefined), "10.0.20348", none, none, none, none],
];

describe("on Windows", () => {
  test.each(rows)("%s", (_, entries, version, two, oneSeven, oneSix, docker) => {
    const on = host(version);
    expect({
      two: takenByContainerd2(entries, on),
      oneSeven: takenByContainerd17(entries, on),
      oneSix: takenByContainerd16(entries, on),
      docker: [takenByDocker28(entries, on), takenByDocker29(entries, on)],
      criO: takenByCriO(entries, on),
    }).toEqual({ two, oneSeven, oneSix, docker: [docker, docker], criO: none });
  });

  test("containerd 1 runs a process of the host whatever version its configuration says", () => {
    const entries: readonly WrittenEntry[] = [
      { leads: 0, configured: { os: "windows", architecture: "amd64", osVersion: "10.0.14393.1" } },
    ];
    expect(takenByContainerd17(entries, host("10.0.20348"))).toBe(0);
    expect(takenByContainerd2(entries, host("10.0.20348"))).toBe("nothing");
  });
});

describe("Docker's own ways", () => {
  const linux = { os: "linux", architecture: "amd64" };

  test("it detects the level of an amd64 host", () => {
    const entries = list({ ...linux, variant: "v2" }, { ...linux, variant: "v4" }, linux);
    expect(takenByDocker28(entries, linux)).toBe(2);
    expect(takenByDocker28(entries, { ...linux, variant: "v3" })).toBe(0);
    expect(takenByDocker28(entries, { ...linux, variant: "v4" })).toBe(1);
  });

  test("since 29 it looks at os.features", () => {
    const entries: readonly WrittenEntry[] = [
      { platform: linux, special: true, leads: 0 },
      { platform: linux, leads: 1 },
    ];
    expect([takenByDocker28(entries, linux), takenByDocker29(entries, linux)]).toEqual([0, 1]);
  });

  test("a platform without any text is none to it alone", () => {
    const entries: readonly WrittenEntry[] = [{ blank: true, leads: 0 }];
    expect([takenByDocker28(entries, linux), takenByContainerd2(entries, linux), takenByCriO(entries, linux)]).toEqual([
      0,
      none,
      none,
    ]);
  });
});
