import { afterAll, beforeAll, expect, test } from "vitest";
import type { NodeSelectorTerm } from "../../src/api/affinity.ts";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster, sharedRegistry } from "../cluster/vitest.ts";
import { injectLabel, startInjector } from "../support/cluster/injector.ts";
import { container, imageOf, onType, type PodManifest, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage } from "../support/cluster/stage.ts";
import { pushSkylakeOnly } from "../support/cluster/tags.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await reachable(await sharedCluster("api"));
const annotations = { "metahub.dev/no-match": "steer" };
const required = "requiredDuringSchedulingIgnoredDuringExecution";

/** `qnib/bench:narrow-steer` runs on node2 alone, of the five that there are. */
describeWith(found, "no-match: steer", (shared) => {
  let stage: Stage;
  let namespace: string;
  const narrow = container("qnib/bench:narrow-steer");
  const steered = (name: string, spec: Pod["spec"] = {}): PodManifest =>
    pod(name, { containers: [narrow], ...spec }, { annotations });
  const terms = ({ spec }: Pod): readonly NodeSelectorTerm[] =>
    spec.affinity?.nodeAffinity?.[required]?.nodeSelectorTerms ?? [];
  const node = (name: string): string => `${stage.prefix}-${name}`;
  const scheduled = async (name: string): Promise<Pod> => {
    await stage.must(["wait", "--for=condition=PodScheduled", `pod/${name}`, "-n", namespace, "--timeout=60s"]);
    return await stage.witness.pod(namespace, name);
  };
  const podsOf = async (app: string): Promise<readonly Pod[]> => {
    const list = JSON.parse(await stage.must(["get", "pods", "-l", `app=${app}`, "-n", namespace, "-o", "json"]));
    return list.items.map(parsePod);
  };
  const workload = (kind: string, name: string, more: object = {}): object => ({
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations },
        spec: { terminationGracePeriodSeconds: 0, containers: [narrow] },
      },
      ...more,
    },
  });

  beforeAll(async () => {
    stage = await openStage(shared.cluster);
    namespace = await stage.namespace();
    await pushSkylakeOnly(await sharedRegistry(), "narrow-steer", stage.builds);
  });
  afterAll(async () => {
    await stage?.kubectl(["delete", "daemonset,deployment", "--all", "-n", namespace]);
    await stage?.close();
    await shared.cluster.stop();
  });

  test("the scheduler puts the Pod on the one node that runs its image", async () => {
    await stage.must(["create", "-n", namespace, "-f", "-"], steered("one"));
    const made = await scheduled("one");
    expect([made.spec.nodeName, imageOf(made)]).toEqual([node("node2"), stage.image("cpu-skylake")]);
    expect(terms(made)).toEqual([
      { matchExpressions: [{ key: "metahub.dev/profile", operator: "In", values: [expect.any(String)] }] },
    ]);
  });

  test("every one of several terms is narrowed, and none is added", async () => {
    const hosts = (...names: readonly string[]): NodeSelectorTerm => ({
      matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: names.map(node) }],
    });
    const field: NodeSelectorTerm = {
      matchFields: [{ key: "metadata.name", operator: "In", values: [node("node2")] }],
    };
    const given = [hosts("node1", "node4"), hosts("node3", "node5"), field];
    const affinity = { nodeAffinity: { [required]: { nodeSelectorTerms: given } } };
    await stage.must(["create", "-n", namespace, "-f", "-"], steered("terms", { affinity }));
    const made = await scheduled("terms");
    expect(made.spec.nodeName).toBe(node("node2"));
    expect(terms(made).map(({ matchExpressions }) => matchExpressions?.at(-1)?.key)).toEqual(
      Array(3).fill("metahub.dev/profile"),
    );
  });

  test("without it the same Pod may land anywhere, and waits for no label", async () => {
    const admitted = await stage.admit(pod("plain", { containers: [narrow] }), namespace);
    expect(terms(admitted)).toEqual([]);
  });

  test("where every node runs a build, or none does, the affinity is left", async () => {
    const anywhere = await stage.admit(pod("anywhere", {}, { annotations }), namespace);
    expect(terms(anywhere)).toEqual([]);
    const nowhere = steered("nowhere", onType("type1"));
    const { code, stdout, stderr } = await stage.kubectl(
      ["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"],
      nowhere,
    );
    expect(code, stderr).toBe(0);
    expect(terms(parsePod(JSON.parse(stdout)))).toEqual([]);
    expect(stderr).toContain("Warning: metahub: image qnib/bench:narrow-steer of main is left as written");
    expect(stderr).toContain("the Pod is not steered: no node that it can land on runs a build of each of its images");
  });

  test("all Pods of a Deployment land there, and its ReplicaSet makes no more of them", async () => {
    await stage.must(["create", "-n", namespace, "-f", "-"], workload("Deployment", "many", { replicas: 5 }));
    const nodesOf = async () => (await podsOf("many")).map(({ spec }) => spec.nodeName);
    await expect.poll(nodesOf, { timeout: 60_000 }).toEqual(Array(5).fill(node("node2")));
    expect((await podsOf("many")).map(imageOf)).toEqual(Array(5).fill(stage.image("cpu-skylake")));
  });

  test("a DaemonSet still has its Pod on every node", async () => {
    await stage.must(["create", "-n", namespace, "-f", "-"], workload("DaemonSet", "each"));
    const all = ["node1", "node2", "node3", "node4", "node5"].map(node);
    const nodesOf = async () => (await podsOf("each")).map(({ spec }) => spec.nodeName ?? "").sort();
    await expect.poll(nodesOf, { timeout: 60_000 }).toEqual(expect.arrayContaining(all));
    for (const made of await podsOf("each")) {
      const there = made.spec.nodeName === node("node2");
      expect(imageOf(made)).toBe(there ? stage.image("cpu-skylake") : narrow.image);
      expect(terms(made).map(({ matchExpressions }) => matchExpressions)).toEqual([undefined]);
    }
  });

  test("called again after another webhook it adds nothing more", async () => {
    const injected = await stage.namespace(injectLabel);
    const injector = await startInjector(stage);
    try {
      const admit = () => stage.admit(steered("injected"), injected);
      // The API server learns of the other webhook by its watch.
      await expect.poll(async () => (await admit()).spec.containers, { timeout: 20_000 }).toHaveLength(2);
      const admitted = await admit();
      expect(terms(admitted).map(({ matchExpressions }) => matchExpressions?.length)).toEqual([1]);
      expect(admitted.spec.containers?.map(({ image }) => image)).toEqual(Array(2).fill(stage.image("cpu-skylake")));
    } finally {
      await injector.close();
    }
  });

  test("no match condition failed in any of these", async () => {
    expect(await stage.conditionErrors()).toEqual([]);
  });
});
