import { afterAll, expect, test } from "vitest";
import { bindingPatch } from "../../src/binding/patch.ts";
import { reviewPod } from "../../src/rewriting/reviewed-pod.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { buildOf, openBindingSite, reasonOf } from "../support/cluster/binding-site.ts";
import { patchAs } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite();
/** No scheduler takes such a Pod: the test binds it. */
const manual = { schedulerName: "nobody" };

describeWith(found, "at binding", (site) => {
  afterAll(() => site.stop());

  test("every Pod of one Deployment gets the build of its node", async () => {
    const spread = {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "spread" } },
    };
    await kubectl(site.cluster, ["create", "-f", "-"], {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "spread" },
      spec: {
        replicas: 8,
        selector: { matchLabels: { app: "spread" } },
        template: {
          metadata: { labels: { app: "spread" } },
          spec: { topologySpreadConstraints: [spread], containers: [{ name: "main", image: "qnib/bench" }] },
        },
      },
    });
    const found = await site.allBound("spread", 8);
    const nodes = found.map(({ spec }) => spec.nodeName ?? "");
    expect(nodes.toSorted()).toEqual(Object.keys(buildOf).flatMap((node) => [node, node]));
    for (const pod of found) {
      expect(site.buildIn(pod)).toBe(buildOf[pod.spec.nodeName ?? ""]);
      const said = { asked: "qnib/bench", index: site.builds.index.digest, node: pod.spec.nodeName };
      expect(site.note(pod)).toMatchObject(said);
    }
    expect(await site.outcome("written")).toBe(8);
    await kubectl(site.cluster, ["delete", "deployment", "spread"]);
  });

  test("init containers get theirs, and images without a choice stay", async () => {
    const digests = await site.publish("qnib/plain", { only: [] });
    const pod = await site.createPod("init", {
      spec: {
        ...manual,
        initContainers: [{ name: "first", image: "qnib/bench" }],
        containers: [
          { name: "main", image: "qnib/bench" },
          { name: "plain", image: "qnib/plain:only" },
          { name: "unknown", image: "qnib/nothing" },
        ],
      },
    });
    await site.bind(pod, "node2");
    const { spec } = await site.pod("init");
    const skylake = `qnib/bench@${digestOf("cpu-skylake")}`;
    expect(spec.initContainers?.map(({ image }) => image)).toEqual([skylake]);
    expect(spec.containers?.map(({ image }) => image)).toEqual([skylake, "qnib/plain:only", "qnib/nothing"]);
    expect(digests.size).toBe(2);
  });

  test.each([
    ["auto", "cpu-skylake"],
    ["bind", "cpu-skylake"],
    ["admission", "written"],
    // The build that runs on all four: it requires what all offer, or nothing.
    ["common", "generic"],
  ])("strategy %s: %s", async (strategy, expected) => {
    const name = `strategy-${strategy}`;
    const annotations = { "metahub.dev/strategy": strategy };
    const pod = await site.createPod(name, { annotations, spec: manual });
    await site.bind(pod, "node2");
    expect(site.buildIn(await site.pod(name))).toBe(expected);
  });

  test("strategy bind leaves a Pod as written until it is bound, also where one build is certain", async () => {
    const selector = { nodeSelector: { "metahub.dev/machine-type": "type2" } };
    const annotations = { "metahub.dev/strategy": "bind" };
    const pod = await site.createPod("bind-later", { annotations, spec: { ...manual, ...selector } });
    expect(site.buildIn(pod)).toBe("written");
    const now = await site.createPod("bind-now", { spec: { ...manual, ...selector } });
    expect(site.buildIn(now)).toBe("cpu-skylake");
    await site.bind(pod, "node2");
    expect(site.buildIn(await site.pod("bind-later"))).toBe("cpu-skylake");
  });

  test("a Pod that is right already is not written again", async () => {
    const selector = { nodeSelector: { "metahub.dev/machine-type": "type2" } };
    const before = await site.outcome("unchanged");
    const pod = await site.createPod("right", { spec: { ...manual, ...selector } });
    await site.bind(pod, "node2");
    expect(await site.outcome("unchanged")).toBe(before + 1);
    expect(site.note(await site.pod("right"))).not.toHaveProperty("node");
  });

  test("Pods that opted out are left, and so are other kinds of bindings and dry runs", async () => {
    const out = await site.createPod("opted-out", { spec: manual, labels: { "metahub.dev/rewrite": "disabled" } });
    await site.bind(out, "node1");
    expect(site.buildIn(await site.pod("opted-out"))).toBe("written");
    const dry = await site.createPod("dry", { spec: manual });
    await site.bind(dry, "node1", { dryRun: true });
    expect(await site.pod("dry")).toEqual(dry);
    expect(await site.outcome("dry-run")).toBe(1);
    const legacy = await site.createPod("legacy", { spec: manual });
    await site.bind(legacy, "node1", { legacy: true });
    expect(site.buildIn(await site.pod("legacy"))).toBe("cpu-broadwell");
  });

  test("a binder that sends a resourceVersion fails once, and then binds what is right", async () => {
    const pod = await site.createPod("versioned", { spec: manual });
    const version = async (): Promise<object> => {
      const { metadata } = await site.witness.core.readNamespacedPod({ namespace: "default", name: "versioned" });
      return { uid: pod.metadata.uid, resourceVersion: metadata?.resourceVersion };
    };
    expect(await reasonOf(site.bind(pod, "node1", { metadata: await version() }))).toBe("Conflict");
    expect(site.buildIn(await site.pod("versioned"))).toBe("cpu-broadwell");
    await site.bind(pod, "node1", { metadata: await version() });
    const bound = await site.pod("versioned");
    expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node1", "cpu-broadwell"]);
  });

  test("after a binding that failed, the Pod gets the build of the node that it comes to", async () => {
    const pod = await site.createPod("moved", { spec: manual });
    const stale = { uid: pod.metadata.uid, resourceVersion: "1" };
    expect(await reasonOf(site.bind(pod, "node1", { metadata: stale }))).toBe("Conflict");
    expect(site.buildIn(await site.pod("moved"))).toBe("cpu-broadwell");
    await site.bind(pod, "node4");
    const bound = await site.pod("moved");
    expect(site.buildIn(bound)).toBe("cpu_broadwell-nvcap_52");
    expect(site.note(bound)).toMatchObject({ asked: "qnib/bench", node: "node4" });
    expect(await site.eventsOf("moved")).toEqual([]);
  });

  test("a write that arrives after the bind changes nothing", async () => {
    const pod = await site.createPod("late", { spec: manual });
    const reviewed = reviewPod(pod);
    const [place] = reviewed.places;
    if (place === undefined) throw new Error("the Pod has no image");
    const note = { asked: "qnib/bench", at: "", code: "selected", reason: "" };
    const write = { image: `qnib/bench@${digestOf("cpu-skylake")}`, note };
    const chosen = [
      { place, kind: "choose" as const, code: "selected" as const, reason: "", surprising: false, write },
    ];
    // The handler is not asked at all, so that the write made before the bind is still what would be sent.
    const operations = bindingPatch(reviewed, chosen);
    await kubectl(site.cluster, ["label", "namespace", "default", "metahub.dev/rewrite=disabled"]);
    try {
      const asked = async (): Promise<number> => {
        const before = await site.outcome("dry-run");
        await site.bind(pod, "node1", { dryRun: true });
        return (await site.outcome("dry-run")) - before;
      };
      await expect.poll(asked, { timeout: 20_000 }).toBe(0);
      await site.bind(pod, "node1");
    } finally {
      await kubectl(site.cluster, ["label", "namespace", "default", "metahub.dev/rewrite-"]);
    }
    const bound = await site.pod("late");
    expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node1", "written"]);
    const patch = { namespace: "default", name: "late", body: operations };
    expect(await reasonOf(site.witness.core.patchNamespacedPod(patch, patchAs.json))).toBe("Invalid");
    expect(await site.pod("late")).toEqual(bound);
  });

  test("a node that changes after admission: the Pod is corrected, and an Event says so", async () => {
    const selector = { nodeSelector: { "kubernetes.io/hostname": "node2" } };
    const pod = await site.createPod("corrected", { spec: { ...manual, ...selector } });
    expect(site.buildIn(pod)).toBe("cpu-skylake");
    const relabel = (type: string, count: number) => async (): Promise<void> => {
      await kubectl(site.cluster, [
        "label",
        "node",
        "node2",
        `node.kubernetes.io/instance-type=${type}`,
        "--overwrite",
      ]);
      const nodes = `--for=jsonpath={.status.nodes}=${count}`;
      await kubectl(site.cluster, ["wait", nodes, "machinetype/type1", "--timeout=20s"]);
    };
    await relabel("m4.xlarge", 2)();
    try {
      await site.bind(pod, "node2");
    } finally {
      await relabel("c5.xlarge", 1)();
    }
    const bound = await site.pod("corrected");
    expect(site.buildIn(bound)).toBe("cpu-broadwell");
    expect(site.note(bound)).toMatchObject({ asked: "qnib/bench", machineType: "type1", node: "node2" });
    expect(await site.outcome("corrected")).toBe(1);
    await expect.poll(() => site.eventsOf("corrected"), { timeout: 20_000 }).toContain("SelectionCorrected");
  });

  test("a Pod whose gate is lifted later gets the build of its node", async () => {
    await site.createPod("gated", { spec: { schedulingGates: [{ name: "example.com/wait" }] } });
    await kubectl(site.cluster, [
      "patch",
      "pod",
      "gated",
      "--type=json",
      "-p",
      JSON.stringify([{ op: "remove", path: "/spec/schedulingGates" }]),
    ]);
    const bound = await site.bound("gated");
    expect(site.buildIn(bound)).toBe(buildOf[bound.spec.nodeName ?? ""]);
  });

  test("a StatefulSet's Pod that comes again on another machine type gets that one's build", async () => {
    const cordon = (node: string, on: boolean) => kubectl(site.cluster, [on ? "cordon" : "uncordon", node]);
    const others = ["node1", "node3", "node4"];
    for (const node of others) await cordon(node, true);
    await kubectl(site.cluster, ["create", "-f", "-"], {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "set" },
      spec: {
        replicas: 1,
        serviceName: "set",
        selector: { matchLabels: { app: "set" } },
        template: {
          metadata: { labels: { app: "set" } },
          spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: "qnib/bench" }] },
        },
      },
    });
    const [first] = await site.allBound("set", 1);
    expect([first?.spec.nodeName, first && site.buildIn(first)]).toEqual(["node2", "cpu-skylake"]);
    await cordon("node2", true);
    await cordon("node1", false);
    await kubectl(site.cluster, ["delete", "pod", "set-0", "--force", "--grace-period=0"]);
    await expect.poll(async () => (await site.podsOf("set"))[0]?.spec.nodeName, { timeout: 30_000 }).toBe("node1");
    expect(site.buildIn(await site.pod("set-0"))).toBe("cpu-broadwell");
    await kubectl(site.cluster, ["delete", "statefulset", "set"]);
    for (const node of [...others, "node2"]) await cordon(node, false);
  });

  function digestOf(tag: string): string {
    return [...(site?.builds.tags ?? [])].find(([, name]) => name === tag)?.[0] ?? "";
  }
});
