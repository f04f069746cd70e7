import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hasKindImage, missingForKind, startKind } from "./kind.ts";
import { createProgress } from "./progress.ts";
import { openRun } from "./run.ts";

const signal = AbortSignal.timeout(60_000);
const progress = createProgress(undefined);
let base = "";

/** A command on the search path that notes its arguments and then does this. */
function fake(name: string, body: string): void {
  writeFileSync(join(base, name), `#!/bin/sh\necho ${name} "$@" >>${base}/calls\n${body}\n`);
  chmodSync(join(base, name), 0o755);
}
const calls = (): string[] => readFileSync(join(base, "calls"), "utf8").trim().split("\n");

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "metahub-kind-"));
  vi.stubEnv("PATH", `${base}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

describe("whether kind can be used", () => {
  test.each([
    ["Docker does not answer", "exit 1", "exit 0", /a Docker daemon that answers/],
    ["there is no kind", "exit 0", undefined, /^missing: kind\./],
    ["both answer", "exit 0", "exit 0", undefined],
  ])("%s", async (_, docker, kind, expected) => {
    fake("docker", docker);
    if (kind !== undefined) fake("kind", kind);
    const missing = await missingForKind(signal);
    if (expected === undefined) expect(missing).toBeUndefined();
    else expect(missing?.message).toMatch(expected);
  });

  test.each([
    ["echo 0123abc", true],
    ["exit 0", false],
  ])("its image: %s", async (docker, expected) => {
    fake("docker", docker);
    expect(await hasKindImage(signal)).toBe(expected);
  });
});

describe("a cluster of kind", () => {
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:40000" } }],
    users: [{ name: "u", user: { token: "t" } }],
  });
  const create = `
    if [ "$1" = create ]; then cat >${"$0"}.input; for a; do case $a in --kubeconfig=*) f=\${a#*=};; esac; done
    echo '${kubeconfig}' >"$f"; fi`;

  test("is created with its workers, described, and deleted at the end", async () => {
    fake("docker", 'case "$1" in network) echo "fc00::1 172.18.0.1 ";; esac');
    fake("kind", create);
    const run = await openRun({ dir: join(base, "Metahub_Run.x"), signal });
    const about = await startKind(run, { level: "nodes", nodes: ["a", "b"], signal }, progress);
    expect(about).toMatchObject({ server: "https://127.0.0.1:40000", hostAddress: "172.18.0.1", provider: "kind" });
    const input = JSON.parse(readFileSync(join(base, "kind.input"), "utf8"));
    expect(input.nodes.map(({ role }: { role: string }) => role)).toEqual(["control-plane", "worker", "worker"]);
    await run.end();
    expect(calls().at(-1)).toMatch(/^kind delete cluster --name=metahub-run-x /);
    expect(existsSync(run.dir)).toBe(false);
  });

  test("that cannot be created says what kind said, and is deleted all the same", async () => {
    fake("docker", "exit 0");
    fake("kind", 'if [ "$1" = create ]; then echo "ERROR: no space" >&2; exit 1; fi');
    const run = await openRun({ dir: join(base, "run"), signal });
    await expect(startKind(run, { level: "api", signal }, progress)).rejects.toThrow(/failed with 1: ERROR: no space/);
    await run.end();
    expect(calls().at(-1)).toMatch(/^kind delete cluster/);
  });
});
