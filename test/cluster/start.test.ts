import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { markedProcesses } from "./proc.ts";
import { attachCluster, readyWithinAMinute, startCluster } from "./start.ts";

const signal = AbortSignal.timeout(60_000);
let base = "";
let dir = "";

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "metahub-start-"));
  dir = join(base, "cluster");
  vi.stubEnv("METAHUB_CACHE_DIR", join(base, "cache"));
  vi.stubEnv("METAHUB_TEST_KUBECONFIG", "");
  vi.stubEnv("METAHUB_TEST_PROVIDER", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

/** Puts scripts into the cache, where the programs of a control plane would be. */
function fakes(scripts: Readonly<Record<string, string>>): void {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const platform = `${process.platform}-${arch}`;
  for (const name of ["etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager"]) {
    const release = name === "etcd" ? `etcd-v3.7.3-${platform}` : `kubernetes-v1.37.2-${platform}`;
    const folder = join(base, "cache", release);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${scripts[name] ?? "exec sleep 60"}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

describe("a cluster that does not start", () => {
  test.each([
    ["kube-apiserver", /the API server ended before it was ready: exit code 3\nlast lines of .*\nno such flag/],
    ["etcd", /etcd ended before the API server was ready: exit code 3; see .*etcd\.log/],
  ])("because %s ends says so, and leaves nothing", async (name, message) => {
    fakes({ [name]: "echo no such flag; exit 3" });
    await expect(startCluster({ provider: "local", level: "api", dir, signal })).rejects.toThrow(message);
    expect(markedProcesses(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test("because the caller gave up leaves nothing", async () => {
    fakes({});
    const controller = new AbortController();
    const going = startCluster({ provider: "local", level: "api", dir, signal: controller.signal });
    await expect.poll(() => markedProcesses(dir), { timeout: 10_000 }).toHaveLength(2);
    controller.abort(new Error("enough"));
    await expect(going).rejects.toThrow("enough");
    expect(markedProcesses(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });
});

describe("the choice of a provider", () => {
  test("an existing cluster that does not answer is an error, not another provider", async () => {
    const kubeconfig = join(base, "kubeconfig");
    const cluster = { server: "https://127.0.0.1:1" };
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: {} }],
      }),
    );
    vi.stubEnv("METAHUB_TEST_KUBECONFIG", kubeconfig);
    await expect(startCluster({ level: "api", signal })).rejects.toThrow(/cluster of .*kubeconfig .* does not answer/);
    expect(await readyWithinAMinute({ level: "api", signal })).toEqual({
      reason: expect.stringContaining("does not answer"),
    });
  });

  test.each([
    ["a misspelled name", { METAHUB_TEST_PROVIDER: "kinda" }, '"kinda"; it can be existing, kind, local'],
    ["existing without a kubeconfig", { METAHUB_TEST_PROVIDER: "existing" }, "missing: METAHUB_TEST_KUBECONFIG"],
    [
      "a kubeconfig that is not there",
      { METAHUB_TEST_KUBECONFIG: "/no/kubeconfig" },
      "the kubeconfig /no/kubeconfig cannot be used",
    ],
  ])("%s is refused", async (_, env, message) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await expect(startCluster({ level: "api", dir, signal })).rejects.toThrow(message);
    expect(existsSync(dir)).toBe(false);
  });
});

test("a control plane in the cache is ready within a minute", async () => {
  fakes({});
  vi.stubEnv("PATH", "/nowhere"); // no Docker
  expect(await readyWithinAMinute({ level: "api", signal })).toEqual({ provider: "local" });
});

test("a folder without a cluster cannot be attached to", async () => {
  await expect(attachCluster(dir)).rejects.toThrow(`${dir} holds no test cluster that is ready`);
});
