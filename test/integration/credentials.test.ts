import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster } from "../cluster/vitest.ts";
import { container, imageOf, onType, pod } from "../support/cluster/pods.ts";
import { rulesOf } from "../support/cluster/rights.ts";
import { openStage, operatorNamespace, type Stage } from "../support/cluster/stage.ts";
import { type Witness, witnessBy } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";
import { putIndex, putManifest } from "../support/registry/content.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";

const found = await reachable(await sharedCluster("api"));
const password = "correct-horse-battery-staple";

/** A registry that lets nobody in without the password, with one image `team/app:1` of two builds. */
async function privateRegistry(): Promise<{ readonly registry: RunningRegistry; readonly broadwell: string }> {
  const registry = await startRegistry({ auth: { scheme: "basic", users: { puller: password } } });
  const platform = { os: "linux", architecture: "amd64" };
  const generic = await putManifest(registry.store, "team/app", undefined, "generic");
  const broadwell = await putManifest(registry.store, "team/app", undefined, "broadwell");
  await putIndex(registry.store, "team/app", "1", [
    { ...generic, platform },
    { ...broadwell, platform, annotations: { "dev.metahub.features": "cpu:broadwell" } },
  ]);
  return { registry, broadwell: broadwell.digest };
}

const auth = (secret = password): string => Buffer.from(`puller:${secret}`).toString("base64");
const secret = (name: string, type: string, key: string, content: object): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  type: `kubernetes.io/${type}`,
  stringData: { [key]: JSON.stringify(content) },
});

describeWith(found, "imagePullSecrets", (shared) => {
  let registry: RunningRegistry;
  let broadwell: string;
  beforeAll(async () => {
    ({ registry, broadwell } = await privateRegistry());
  });
  afterAll(async () => {
    await registry?.close();
    await shared.cluster.stop();
  });
  const image = (): string => `${registry.host}/team/app:1`;
  const asking = (name: string, spec: Pod["spec"] = {}) =>
    pod(name, { ...onType("type1"), containers: [container(image())], ...spec });
  const accountWitness = (stage: Stage, component: string): Witness =>
    witnessBy(join(stage.cluster.dir, "operator", `${component}.kubeconfig`));
  /** Makes Secrets and a service account that names one of them. */
  const fill = async (stage: Stage, namespace: string): Promise<void> => {
    const config = (text: string): object => ({ auths: { [registry.host]: { auth: text } } });
    const objects = [
      secret("right", "dockerconfigjson", ".dockerconfigjson", config(auth())),
      secret("wrong", "dockerconfigjson", ".dockerconfigjson", config(auth("guess"))),
      secret("legacy", "dockercfg", ".dockercfg", { [registry.host]: { auth: auth() } }),
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "puller" }, imagePullSecrets: [{ name: "right" }] },
    ];
    await stage.must(["create", "-n", namespace, "-f", "-"], { apiVersion: "v1", kind: "List", items: objects });
  };
  const named = (...names: readonly string[]) => ({ imagePullSecrets: names.map((name) => ({ name })) });

  describe("with pullSecrets.mode cluster", () => {
    let stage: Stage;
    let namespace: string;
    beforeAll(async () => {
      stage = await openStage(shared.cluster, {
        values: { "pullSecrets.mode": "cluster" },
        webhookArgs: ["--plain-http", registry.host, "--pull-secrets", "cluster"],
      });
      namespace = await stage.namespace();
      await fill(stage, namespace);
    });
    afterAll(() => stage?.close());

    test("a Pod's own and its service account's are used, and nobody else's", async () => {
      const rows: readonly (readonly [string, Pod["spec"], boolean])[] = [
        ["its own", named("right"), true],
        ["of the old type", named("legacy"), true],
        ["its service account's", { serviceAccountName: "puller" }, true],
        ["the second of two", named("wrong", "right"), true],
        ["one that is not there, and one that is", named("absent", "right"), true],
        ["a wrong password", named("wrong"), false],
        ["none, although others may read the image", {}, false],
      ];
      const rewritten = `${registry.host}/team/app@${broadwell}`;
      const got = [];
      for (const [what, spec] of rows) {
        got.push([what, imageOf(await stage.admit(asking("private", spec), namespace)) === rewritten]);
      }
      expect(got).toEqual(rows.map(([what, , expected]) => [what, expected]));
    });

    test("a Secret of another namespace is not used", async () => {
      const other = await stage.namespace();
      expect(imageOf(await stage.admit(asking("elsewhere", named("right")), other))).toBe(image());
    });

    test("the Warning where they do not let us in names no credentials, nor does the log", async () => {
      const call = ["create", "--dry-run=server", "-n", namespace, "-f", "-"];
      const { code, stderr } = await stage.kubectl(call, asking("warned", named("wrong")));
      expect(code).toBe(0);
      expect(stderr).toContain(`${registry.host} does not show it to the credentials of this Pod`);
      const told = stderr + (await readFile(stage.operator.webhook.log, "utf8"));
      for (const text of [password, auth(), auth("guess"), "puller"]) expect(told).not.toContain(text);
    });

    test("the webhook may read Secrets everywhere, and write none", async () => {
      const account = accountWitness(stage, "webhook");
      const rules = await rulesOf(account, namespace);
      await account.close();
      expect(rules.filter((rule) => /(secrets|serviceaccounts)\./.test(rule))).toEqual(["get secrets."]);
    });
  });

  describe("with pullSecrets.mode none", () => {
    let stage: Stage;
    let namespace: string;
    beforeAll(async () => {
      stage = await openStage(shared.cluster, { webhookArgs: ["--plain-http", registry.host] });
      namespace = await stage.namespace();
      await fill(stage, namespace);
    });
    afterAll(() => stage?.close());

    test("they are not read, and the registry is asked without credentials", async () => {
      const before = registry.requests.length;
      expect(imageOf(await stage.admit(asking("private", named("right")), namespace))).toBe(image());
      const asked = registry.requests.slice(before);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    });

    test("webhook and controller run as the chart's accounts, which may read no Secret but the certificate's and the keys'", async () => {
      for (const component of ["webhook", "controller"]) {
        const file = join(stage.cluster.dir, "operator", `${component}.kubeconfig`);
        const me = JSON.parse(await stage.must(["auth", "whoami", "-o", "json", "--kubeconfig", file]));
        expect(me.status.userInfo.username).toBe(`system:serviceaccount:${operatorNamespace}:metahub-${component}`);
        const account = accountWitness(stage, component);
        const secrets = async (where: string) =>
          (await rulesOf(account, where)).filter((rule) => rule.includes("secrets."));
        const read = "get,list,watch secrets. metahub-webhook-tls,metahub-webhook-keys";
        const own = component === "webhook" ? [read] : [];
        expect([await secrets(operatorNamespace), await secrets(namespace)]).toEqual([own, []]);
        // Nothing is granted by a star.
        expect((await rulesOf(account, namespace)).filter((rule) => rule.includes("*"))).toEqual([]);
        await account.close();
      }
    });

    test("no match condition failed", async () => {
      expect(await stage.conditionErrors()).toEqual([]);
    });
  });
});
