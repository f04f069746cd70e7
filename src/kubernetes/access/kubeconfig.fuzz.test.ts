import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, expect, test } from "vitest";
import { feed, fuzzing } from "../../../test/support/fuzz/runs.ts";
import { spoiledTexts, spoiledValues } from "../../../test/support/fuzz/spoil.ts";
import { KubernetesError } from "../error.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "metahub-kubeconfig-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "config");

const secret = "s3cr3t-";
const key = Buffer.from(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`).toString("base64");
const config = (user: object): object => ({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "one",
  clusters: [
    { name: "c", cluster: { server: "https://one:6443/", "certificate-authority-data": key, "proxy-url": "http://p" } },
  ],
  contexts: [{ name: "one", context: { cluster: "c", user: "u", namespace: "ns" } }],
  users: [{ name: "u", user }],
});
const configs = [
  config({ token: `${secret}token` }),
  config({ username: "ann", password: `${secret}password`, as: "b", "as-groups": ["g"] }),
  config({ "client-certificate-data": key, "client-key-data": key }),
  config({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: "x", env: [{ name: "A", value: `${secret}env` }] },
  }),
  config({
    "auth-provider": { name: "oidc", config: { "client-secret": `${secret}oidc`, "id-token": `${secret}id` } },
  }),
];

async function bear(text: string): Promise<boolean> {
  writeFileSync(path, text);
  try {
    const { server } = await loadKubeconfig({ path });
    expect(server).toMatch(/^https?:/);
    return true;
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    expect(error.code).toBe("CONFIG");
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      expect(at.message).not.toContain(secret);
      expect(at.message).not.toContain(key.slice(0, 40));
    }
    expect(error.message).toMatch(/^[^\p{Cc}\p{Cs}]{1,2000}$/u);
    return false;
  }
}

test(
  "whatever a kubeconfig says, it is read or refused in one line of bounded length without a secret",
  fuzzing,
  async () => {
    let read = 0;
    await feed(spoiledTexts(...configs), async (text) => {
      if (await bear(text)) read += 1;
    });
    expect(read).toBeGreaterThan(100);
  },
);

test("so it is as YAML", fuzzing, async () => {
  await feed(spoiledValues(...configs), async (value) => {
    await bear(dump(value));
  });
});
