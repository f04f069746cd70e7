import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireLevel } from "../cluster/require.ts";
import { describeWith } from "../support/describe-with.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const chart = fileURLToPath(new URL("../../charts/metahub", import.meta.url));
const ready = await requireLevel({
  level: "api",
  signal: new AbortController().signal,
  progress: (line) => void process.stderr.write(`${line}\n`),
  tools: ["kubectl", "helm"],
});

const digest = `sha256:${"a".repeat(64)}`;
const selection = "metahub.dev/selection";
const tokenType = "kubernetes.io/service-account-token";
const webhook = "system:serviceaccount:metahub-system:metahub-webhook";
const controller = "system:serviceaccount:metahub-system:metahub-controller";
const keeper = "system:serviceaccount:metahub-system:metahub-keeper";
const tenant = "tenant";

describeWith(ready, "the chart's policies", ({ cluster }) => {
  const kubectl = (args: readonly string[], input?: object) =>
    cluster.kubectl(args, { signal: soon(), ...(input === undefined ? {} : { input: JSON.stringify(input) }) });
  const must = async (args: readonly string[], input?: object): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(args, input);
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  /** Nobody looks at the result but the policies: `allowed`, or the API server's words. */
  const patched = async (who: string, target: readonly string[], patch: unknown): Promise<string> => {
    const type = Array.isArray(patch) ? "json" : "merge";
    const args = ["patch", ...target, "--dry-run=server", `--as=${who}`, "--type", type, "-p", JSON.stringify(patch)];
    const { code, stderr } = await kubectl(args);
    return code === 0 ? "allowed" : stderr;
  };

  const containers = [
    { name: "main", image: "registry.example.com:5000/team/app:1.2" },
    { name: "side", image: "qnib/bench" },
  ];
  const pod = (name: string, namespace: string, more: object = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { a: "b" }, annotations: { other: "x", [selection]: '{"main":{}}' } },
    spec: { schedulerName: "nobody", containers, initContainers: [{ name: "init", image: "qnib/bench:1" }], ...more },
  });

  beforeAll(async () => {
    const where = ["--namespace", "metahub-system", "--create-namespace"];
    // Nothing is to call a webhook here, where none is.
    const url = `https://127.0.0.1:1/${"0".repeat(32)}`;
    const set = ["--set", `webhook.deploy=false,controller.deploy=false,keeper.deploy=false,webhook.url=${url}`];
    const { code, stderr } = await cluster.helm(["install", "metahub", chart, ...where, ...set], { signal: soon() });
    expect(code, stderr).toBe(0);
    await must(["delete", "mutatingwebhookconfiguration,validatingwebhookconfiguration", "metahub-webhook"]);
    for (const namespace of ["default", "kube-system"]) {
      await must(["wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", namespace]);
      await must(["create", "-f", "-"], pod("held", namespace));
    }
    const gated = { schedulingGates: [{ name: "example.com/gate" }], activeDeadlineSeconds: 3_600 };
    await must(["create", "-f", "-"], pod("gated", "default", gated));
    await must(["create", "-f", "-"], pod("bound", "default", { nodeName: "node1" }));
    await must(["create", "-f", "-"], {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "policed", labels: { a: "b" } },
    });
    await must(["create", "clusterrole", "tenant", "--verb=get,patch,update", "--resource=pods"]);
    await must(["create", "clusterrolebinding", "tenant", "--clusterrole=tenant", `--user=${tenant}`]);
    await must(["create", "clusterrole", "makers", "--verb=create", "--resource=secrets"]);
    for (const user of [keeper, tenant])
      await must([
        "create",
        "clusterrolebinding",
        `makers-${user.split(":").at(-1)}`,
        "--clusterrole=makers",
        `--user=${user}`,
      ]);
    // kubectl reads what it patches; the controller itself does not.
    await must(["create", "clusterrole", "reader", "--verb=get", "--resource=nodes"]);
    await must(["create", "clusterrolebinding", "reader", "--clusterrole=reader", `--user=${controller}`]);
  });
  afterAll(() => cluster.stop());

  const image = (index: number, value: string, list = "containers") => [
    { op: "replace", path: `/spec/${list}/${index}/image`, value },
  ];
  const chosen = [
    ...image(0, `registry.example.com:5000/team/app@${digest}`),
    ...image(1, `qnib/bench@${digest}`),
    ...image(0, `qnib/bench:1@${digest}`, "initContainers"),
    { op: "add", path: "/metadata/annotations/metahub.dev~1selection", value: '{"main":{"code":"selected"}}' },
  ];
  const add = (path: string, value: unknown) => [{ op: "add", path, value }];

  test("come into force", async () => {
    // The API server learns of policies by its watch.
    const refused = () => patched(webhook, ["pod", "held"], { metadata: { labels: { a: "c" } } });
    await expect.poll(refused, { timeout: 30_000 }).toContain("denied");
    const labelled = () => patched(controller, ["node", "policed"], { metadata: { labels: { a: "c" } } });
    await expect.poll(labelled, { timeout: 30_000 }).toContain("denied");
  });

  test.each<[string, string, string, unknown]>([
    ["what is chosen at binding", webhook, "held", chosen],
    ["what is put back", controller, "held", image(1, "qnib/bench:latest")],
    ["a note that is taken away", controller, "held", { metadata: { annotations: { [selection]: null } } }],
    ["a build for a Pod that waits at a gate", webhook, "gated", image(1, `qnib/bench@${digest}`)],
  ])("our accounts may write %s", async (_name, who, name, patch) => {
    expect(await patched(who, ["pod", name], patch)).toBe("allowed");
  });

  test.each<[string, string, readonly string[], unknown, RegExp]>([
    ["another repository", webhook, ["pod", "held"], image(1, `qnib/other@${digest}`), /within its repository/],
    ["a longer name", webhook, ["pod", "held"], image(1, `qnib/bench2@${digest}`), /within its repository/],
    ["another registry", webhook, ["pod", "held"], image(1, `evil.example/qnib/bench@${digest}`), /within its repo/],
    ["another port", webhook, ["pod", "held"], image(0, `registry.example.com/team/app@${digest}`), /within its repo/],
    ["an init container's", webhook, ["pod", "held"], image(0, "evil/x", "initContainers"), /within its repository/],
    ["the controller, another one", controller, ["pod", "held"], image(1, "evil/x"), /within its repository/],
    [
      "another annotation",
      webhook,
      ["pod", "held"],
      { metadata: { annotations: { other: "y" } } },
      /no annotation but/,
    ],
    ["one more", webhook, ["pod", "held"], { metadata: { annotations: { more: "y" } } }, /no annotation but/],
    ["one less", webhook, ["pod", "held"], { metadata: { annotations: { other: null } } }, /no annotation but/],
    ["a label", controller, ["pod", "held"], { metadata: { labels: { a: null } } }, /no labels of a Pod/],
    ["a finalizer", webhook, ["pod", "held"], add("/metadata/finalizers", ["example.com/f"]), /no finalizers of a Pod/],
    ["a Pod with a node", webhook, ["pod", "bound"], image(1, `qnib/bench@${digest}`), /that has a node/],
    ["an excluded namespace", webhook, ["pod", "held", "-n", "kube-system"], image(1, `qnib/bench@${digest}`), /alone/],
    ["a toleration", webhook, ["pod", "held"], add("/spec/tolerations/-", { operator: "Exists" }), /\(tolerations\)/],
    ["a gate", webhook, ["pod", "gated"], [{ op: "remove", path: "/spec/schedulingGates" }], /\(schedulingGates\)/],
    ["a selector", webhook, ["pod", "gated"], add("/spec/nodeSelector", { a: "b" }), /\(nodeSelector\)/],
    ["a deadline", webhook, ["pod", "gated"], add("/spec/activeDeadlineSeconds", 1), /\(activeDeadlineSeconds\)/],
    ["a node's label", controller, ["node", "policed"], { metadata: { labels: { a: null } } }, /no label of a node/],
    [
      "a role",
      controller,
      ["node", "policed"],
      { metadata: { labels: { "node-role.kubernetes.io/x": "" } } },
      /no label/,
    ],
    [
      "a taint",
      controller,
      ["node", "policed"],
      add("/spec/taints", [{ key: "k", effect: "NoExecute" }]),
      /node's spec/,
    ],
    ["a cordon", controller, ["node", "policed"], { spec: { unschedulable: true } }, /node's spec/],
    [
      "a node's annotation",
      controller,
      ["node", "policed"],
      { metadata: { annotations: { a: "b" } } },
      /no annotations of a/,
    ],
  ])("our accounts may not write %s", async (_name, who, target, patch, words) => {
    expect(await patched(who, target, patch)).toMatch(words);
  });

  test("the controller writes its two labels", async () => {
    const labels = { "metahub.dev/machine-type": "type1", "metahub.dev/profile": "abc" };
    expect(await patched(controller, ["node", "policed"], { metadata: { labels } })).toBe("allowed");
  });

  /** Nobody looks at the result but the policies. */
  const made = async (who: string, name: string, type: string, namespace = "metahub-system"): Promise<string> => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace, ...accountOf(type) }, type };
    const { code, stderr } = await kubectl(["create", "--dry-run=server", `--as=${who}`, "-f", "-"], secret);
    return code === 0 ? "allowed" : stderr;
  };
  const accountOf = (type: string) =>
    type === tokenType ? { annotations: { "kubernetes.io/service-account.name": "default" } } : {};

  test("the keeper makes its Secrets", async () => {
    const refused = () => made(keeper, "other", "Opaque");
    await expect.poll(refused, { timeout: 30_000 }).toContain("denied");
    for (const name of ["metahub-webhook-keys", "metahub-webhook-authority"])
      expect(await made(keeper, name, "Opaque")).toBe("allowed");
    // Without a certificate in it the API server itself refuses it, after the policies.
    expect(await made(keeper, "metahub-webhook-tls", "kubernetes.io/tls")).toMatch(/tls\.crt/);
  });

  test.each<[string, string, string, string, RegExp]>([
    ["another Secret", "other", "Opaque", "metahub-system", /no Secret but its own/],
    ["one of another namespace", "metahub-webhook-keys", "Opaque", "default", /no Secret but its own/],
    ["one that is filled with a token", "metahub-webhook-keys", tokenType, "metahub-system", /of this type/],
  ])("the keeper may not make %s", async (_name, name, type, namespace, words) => {
    expect(await made(keeper, name, type, namespace)).toMatch(words);
    expect(await made(tenant, name, type, namespace)).toBe("allowed");
  });

  test.each<[string, unknown]>([
    ["another note", { metadata: { annotations: { [selection]: "{}" } } }],
    ["another annotation", { metadata: { annotations: { other: "y" } } }],
    ["a label", { metadata: { labels: { a: "c" } } }],
    ["an image of another repository", image(1, "evil/x")],
  ])("nobody else is held: a tenant may write %s", async (_name, patch) => {
    expect(await patched(tenant, ["pod", "held"], patch)).toBe("allowed");
  });

  test("no expression of a policy fails", async () => {
    const metrics = await must(["get", "--raw", "/metrics"]);
    const checks = metrics.split("\n").filter((line) => /policy_check_total\{.*policy="metahub-/.test(line));
    // invalid_error: what the policy refuses.
    const failed = checks.filter((line) => !/error_type="(no|invalid)_error"/.test(line));
    expect(failed).toEqual([]);
    const counted = new Set(checks.map((line) => /policy="([^"]+)"/.exec(line)?.[1]));
    expect([...counted].sort()).toEqual(["metahub-nodes", "metahub-pods", "metahub-secrets"]);
  });
});
