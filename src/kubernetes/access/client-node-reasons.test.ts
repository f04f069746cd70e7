import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reasonGone, startTwoClients, type TwoClients } from "../../../test/support/api-server/two-clients.ts";
import { resource } from "../resource.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

// The reasons of docs/decisions/0003-kubernetes-client.md that concern kubeconfigs, tried against the installed
// client-node. A test that goes red because client-node does better is no fault of ours: reconsider the record.

const nodes = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const { signal } = new AbortController();

let both: TwoClients;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "metahub-client-node-"));
  both = await startTwoClients();
  both.server.store.put("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "n" } });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await both.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A kubeconfig file; JSON is YAML. */
function file(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "Config", ...content }));
  return path;
}

/** client-node's reading of $KUBECONFIG; `keepFirst` is its own option for the first current-context. */
function theirsOf(path: string, keepFirst = false): KubeConfig {
  vi.stubEnv("KUBECONFIG", path);
  const config = new KubeConfig();
  config.loadFromDefault(undefined, keepFirst);
  return config;
}

const cluster = (name: string, server: string) => ({ name, cluster: { server } });
const context = (name: string, cluster: string) => ({ name, context: { cluster, user: "" } });

/** A kubeconfig of the test's server with one user. */
function forUser(user: object): string {
  const authority = Buffer.from(both.authority).toString("base64");
  return file("user", {
    clusters: [{ name: "c", cluster: { server: both.server.url, "certificate-authority-data": authority } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

async function readTheirs(path: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(path);
  await config.makeApiClient(CoreV1Api).readNode({ name: "n" });
}

async function readOurs(path: string): Promise<void> {
  await (await both.connectWith(path)).get({ resource: nodes, name: "n" }, { signal });
}

/** A header of each request that arrived, in order. */
const sent = (header: string) => both.server.requests.map(({ headers }) => headers[header]);

test("7: a cluster that two files name is refused; ours takes the first, as kubectl does", async () => {
  const contexts = { contexts: [context("x", "c")], "current-context": "x" };
  const first = file("first", { clusters: [cluster("c", "https://first")], ...contexts });
  const second = file("second", { clusters: [cluster("c", "https://second")] });
  const path = [first, second].join(delimiter);
  expect(() => theirsOf(path), reasonGone(7)).toThrow("Duplicate cluster: c");
  expect((await loadKubeconfig({ path })).server).toBe("https://first");
});

test("8: no setting takes the first current-context that is set; ours does, as kubectl does", async () => {
  const path = ["none", "one", "two"]
    .map((name) => {
      const known = { clusters: [cluster(name, `https://${name}`)], contexts: [context(name, name)] };
      return file(name, name === "none" ? known : { ...known, "current-context": name });
    })
    .join(delimiter);
  expect(theirsOf(path).getCurrentCluster()?.server, reasonGone(8)).toBe("https://two");
  expect(theirsOf(path, true).getCurrentCluster(), reasonGone(8)).toBeNull();
  expect((await loadKubeconfig({ path })).server).toBe("https://one");
});

test("9: `tokenFile` and `as-groups` are passed over without a word; ours sends what they say", async () => {
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, "secret");
  const path = forUser({ tokenFile, as: "jane", "as-groups": ["viewers"] });
  await readTheirs(path);
  await readOurs(path);
  expect(sent("authorization"), reasonGone(9)).toEqual([undefined, "Bearer secret"]);
  expect(sent("impersonate-user")).toEqual(["jane", "jane"]);
  expect(sent("impersonate-group"), reasonGone(9)).toEqual([undefined, "viewers"]);
});

test("10: credential plugins get no KUBERNETES_EXEC_INFO; from ours they do", async () => {
  const apiVersion = "client.authentication.k8s.io/v1";
  const credential = JSON.stringify({ kind: "ExecCredential", apiVersion, status: { token: "from-plugin" } });
  const script = `[ -n "$KUBERNETES_EXEC_INFO" ] || { echo "no exec info" >&2; exit 1; }; echo '${credential}'`;
  const exec = { apiVersion, command: "sh", args: ["-c", script], interactiveMode: "Never" };
  const path = forUser({ exec });
  await expect(readTheirs(path), reasonGone(10)).rejects.toThrow("no exec info");
  await readOurs(path);
  expect(sent("authorization")).toEqual(["Bearer from-plugin"]);
});
