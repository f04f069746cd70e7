import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseReference } from "../oci/reference.ts";
import { parseDockerConfig } from "./docker-config.ts";
import { askHelper, type HelperOptions } from "./helper.ts";
import { hostConfigPaths, readHostConfig } from "./host-config.ts";
import { fixedSource, hostConfigSource, Keyring } from "./keyring.ts";

let folder: string;
const options = (): HelperOptions => ({
  signal: AbortSignal.timeout(10_000),
  env: { PATH: `${folder}:/usr/bin:/bin` },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-helper-"));
  const scripts: Readonly<Record<string, string>> = {
    good: 'read -r server; printf \'{"ServerURL":"%s","Username":"ann","Secret":"for %s"}\' "$server" "$server"',
    token: 'printf \'{"Username":"<token>","Secret":"refresh"}\'',
    none: 'echo "credentials not found in native keychain"; exit 1',
    broken: "echo hunter2; exit 3",
    chatty: "printf 'hunter2, not JSON'",
    endless: "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
    hangs: "exec sleep 600",
    deaf: 'exec <&-; printf \'{"Username":"ann","Secret":"x"}\'',
  };
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(folder, `docker-credential-${name}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("a credential helper", () => {
  test.each([
    ["good", { kind: "basic", username: "ann", password: "for ghcr.io" }],
    ["token", { kind: "identity", token: "refresh" }],
    ["deaf", { kind: "basic", username: "ann", password: "x" }],
    ["none", undefined],
  ])("%s", async (helper, credentials) => {
    expect(await askHelper(helper, "ghcr.io\n".trim(), options())).toEqual(credentials);
  });

  test.each([
    ["missing", "HELPER_MISSING"],
    ["broken", "HELPER_FAILED"],
    ["chatty", "HELPER_FAILED"],
    ["endless", "HELPER_FAILED"],
  ])("%s gives %s, and its output is not repeated", async (helper, code) => {
    const asked = askHelper(helper, "ghcr.io", options());
    await expect(asked).rejects.toMatchObject({ code, message: expect.not.stringContaining("hunter2") });
  });

  test("that hangs is ended", async () => {
    const asked = askHelper("hangs", "ghcr.io", { ...options(), timeoutMs: 50 });
    await expect(asked).rejects.toMatchObject({ code: "HELPER_TIMEOUT" });
    const controller = new AbortController();
    const gone = askHelper("hangs", "ghcr.io", { ...options(), signal: controller.signal });
    controller.abort();
    await expect(gone).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("this machine's configs", () => {
  test("lie where docker and podman have them", () => {
    expect(hostConfigPaths({ HOME: "/h", XDG_RUNTIME_DIR: "/run/u" })).toEqual([
      "/h/.docker/config.json",
      "/run/u/containers/auth.json",
      "/h/.config/containers/auth.json",
    ]);
    expect(hostConfigPaths({ HOME: "/h", DOCKER_CONFIG: "/d", XDG_CONFIG_HOME: "/c" })).toEqual([
      "/d/config.json",
      "/c/containers/auth.json",
    ]);
    expect(hostConfigPaths({ HOME: "/h", REGISTRY_AUTH_FILE: "/a.json" })).toEqual(["/a.json"]);
    expect(hostConfigPaths({})).toEqual([]);
  });

  test("are read where they are", async () => {
    const path = join(folder, "config.json");
    await writeFile(path, '{"auths":{"ghcr.io":{"auth":"eDp5"}}}');
    expect((await readHostConfig(path))?.entries).toHaveLength(1);
    expect(await readHostConfig(join(folder, "absent.json"))).toBeUndefined();
    await expect(readHostConfig(folder)).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
  });

  test("a host's own helper is asked before the store and before the entries", async () => {
    const config = parseDockerConfig(
      '{"credsStore":"none","credHelpers":{"ghcr.io":"good"},"auths":{"ghcr.io":{"auth":"eDp5"},"quay.io":{"auth":"eDp5"}}}',
      "test",
    );
    const { signal, env } = options();
    const source = hostConfigSource(config, { env });
    const entry = { kind: "basic", username: "x", password: "y" };
    const helped = { kind: "basic", username: "ann", password: "for ghcr.io" };
    expect(await source.candidates(parseReference("ghcr.io/a/b"), signal)).toEqual([helped, entry]);
    expect(await source.candidates(parseReference("quay.io/a/b"), signal)).toEqual([entry]);
    expect(await source.candidates(parseReference("nginx"), signal)).toEqual([]);
  });

  test("Docker Hub's credentials are asked for under its old address", async () => {
    const { signal, env } = options();
    const source = hostConfigSource(parseDockerConfig('{"credsStore":"good"}', "test"), { env });
    expect(await source.candidates(parseReference("nginx"), signal)).toMatchObject([
      { password: "for https://index.docker.io/v1/" },
    ]);
  });
});

describe("a keyring", () => {
  test("asks its sources in order, and names each credential once", async () => {
    const [a, b] = ["a", "b"].map((password) => ({ kind: "basic", username: "ann", password }) as const);
    if (a === undefined || b === undefined) expect.unreachable("both are there");
    const keyring = new Keyring([fixedSource(b), fixedSource(a), fixedSource({ ...b })]);
    expect(await keyring.candidates(parseReference("nginx"), options().signal)).toEqual([b, a]);
  });

  test("gives at most eight", async () => {
    const sources = Array.from({ length: 20 }, (_, index) => fixedSource({ kind: "registry", token: `${index}` }));
    expect(await new Keyring(sources).candidates(parseReference("nginx"), options().signal)).toHaveLength(8);
  });
});
