import { afterAll, describe, expect, test } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { allowed, denied } from "../../src/webhook/review.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { buildOf, openBindingSite, soon } from "../support/cluster/binding-site.ts";
import { startForeignWebhook } from "../support/cluster/foreign-webhook.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite({
  controllerArgs: ["--restore-after", "1500"],
  // So that a test can wait for the end of it.
  values: { "webhook.bindingTimeoutSeconds": "3" },
});
const manual = { schedulerName: "nobody" };
const nodes = Object.keys(buildOf);

/** Between our reading and our writing, and between our writing and the bind, other things happen to a Pod. */
describeWith(found, "a Pod that others write too", (site) => {
  afterAll(() => site.stop());

  const cordon = (...names: readonly string[]) => kubectl(site.cluster, ["cordon", ...names]);
  const uncordon = (...names: readonly string[]) => kubectl(site.cluster, ["uncordon", ...names]);

  /** Somebody's mutating webhook of Pods, that is asked about what our webhook writes. */
  const onOurWrite = (name: string, what: () => Promise<void>) =>
    startForeignWebhook({
      cluster: site.cluster,
      name,
      kind: "MutatingWebhookConfiguration",
      webhook: {
        rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["UPDATE"] }],
        matchConditions: [
          {
            name: "ours",
            expression: "request.userInfo.username == 'system:serviceaccount:metahub-system:metahub-webhook'",
          },
        ],
      },
      answer: async ({ uid }) => {
        await what();
        return allowed(uid);
      },
    });

  /** Until the API server asks it, which it learns by a watch: Pods are made and bound for it. */
  const asked = async (webhook: { readonly reviews: number }, name: string): Promise<void> => {
    let tries = 0;
    const bind = async (): Promise<number> => {
      const pod = await site.createPod(`${name}-${tries++}`, { spec: manual });
      await site.bind(pod, "node1");
      return webhook.reviews;
    };
    await expect.poll(bind, { timeout: 30_000 }).toBeGreaterThan(0);
  };

  test("an image that is changed while we write: it is decided on anew, and the change stays", async () => {
    await site.publish("qnib/changed", { "changed-skylake": ["cpu:skylake"], "changed-generic": [] });
    const digests = await site.publish("qnib/changed:2", { second: ["cpu:skylake"], "second-generic": [] });
    let change = async (): Promise<void> => undefined;
    const webhook = await onOurWrite("aa-writer", () => change());
    try {
      await asked(webhook, "writer");
      const pod = await site.createPod("changed", { spec: manual, image: "qnib/changed" });
      let changes = 0;
      change = async () => {
        if (changes++ === 0) await kubectl(site.cluster, ["set", "image", "pod/changed", "main=qnib/changed:2"]);
      };
      await site.bind(pod, "node2");
      const bound = await site.pod("changed");
      expect(bound.spec.containers?.[0]?.image).toBe(`qnib/changed@${digests.get("second")}`);
      expect(site.note(bound)).toMatchObject({ asked: "qnib/changed:2", node: "node2" });
      expect(changes).toBe(2);
    } finally {
      await webhook.close();
    }
  });

  test("a write that takes longer than the binding: the Pod is bound as written, and nothing changes later", async () => {
    const gate = Promise.withResolvers<void>();
    let held = false;
    const webhook = await onOurWrite("aa-slow", () => (held ? gate.promise : Promise.resolve()));
    let bound: Pod;
    try {
      await asked(webhook, "slow");
      const pod = await site.createPod("overtaken", { spec: manual });
      const deadlines = await site.outcome("deadline");
      held = true;
      await site.bind(pod, "node2");
      bound = await site.pod("overtaken");
      expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node2", "written"]);
      expect(await site.outcome("deadline")).toBe(deadlines + 1);
    } finally {
      gate.resolve();
      await webhook.close();
    }
    expect(await site.pod("overtaken")).toEqual(bound);
    await expect.poll(() => site.eventsOf("overtaken"), { timeout: 20_000 }).toContain("SelectionMissed");
  });

  describe("the bind fails after our write", () => {
    /** Refuses bindings to node1 after ours has written, as another validating webhook may. */
    const refuseNode1 = () =>
      startForeignWebhook({
        cluster: site.cluster,
        name: "zz-refuser",
        kind: "ValidatingWebhookConfiguration",
        webhook: {
          rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods/binding"], operations: ["CREATE"] }],
          matchConditions: [{ name: "node1", expression: "object.target.name == 'node1'" }],
        },
        answer: async ({ uid, name }) => {
          // The API server asks all validating webhooks at once.
          const written = async (): Promise<boolean> => site.buildIn(await site.pod(name)) === "cpu-broadwell";
          await expect.poll(written, { timeout: 2_000, interval: 20 }).toBe(true);
          return denied(uid, "not to this node");
        },
      });

    /** A Pod of the real scheduler's, written for node1, to which it was not bound. */
    const failOnNode1 = async (name: string): Promise<Pod> => {
      await cordon(...nodes.filter((node) => node !== "node1"));
      const refuser = await refuseNode1();
      try {
        const pod = await site.createPod(name);
        await expect.poll(() => refuser.reviews, { timeout: 30_000 }).toBeGreaterThan(0);
        await expect.poll(() => site.eventsOf(name), { timeout: 30_000 }).toContain("FailedScheduling");
        await cordon("node1");
        return pod;
      } finally {
        await refuser.close();
      }
    };

    test("the webhook is up: the Pod gets the build of the node that it comes to", async () => {
      try {
        await failOnNode1("elsewhere");
        await uncordon("node2");
        const bound = await site.bound("elsewhere");
        expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node2", "cpu-skylake"]);
      } finally {
        await uncordon(...nodes);
      }
    });

    test("the webhook is down: the Pod has back what its owner wrote before it comes to another node", async () => {
      try {
        const pod = await failOnNode1("elsewhere-alone");
        await site.operator.webhook.kill();
        const image = async (): Promise<string> => site.buildIn(await site.pod("elsewhere-alone"));
        await expect.poll(image, { timeout: 20_000 }).toBe("written");
        expect((await site.pod("elsewhere-alone")).metadata.annotations).toEqual(pod.metadata.annotations);
        await uncordon("node2");
        const bound = await site.bound("elsewhere-alone");
        expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node2", "written"]);
        await expect.poll(() => site.eventsOf("elsewhere-alone"), { timeout: 20_000 }).toContain("SelectionMissed");
      } finally {
        await site.operator.webhook.restart(soon());
        await uncordon(...nodes);
      }
    });
  });

  test("a Pod that comes after others were evicted for it gets the build of their node", async () => {
    for (const [name, value] of [
      ["low", 1],
      ["high", 1_000],
    ] as const) {
      const api = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass" };
      await kubectl(site.cluster, ["create", "-f", "-"], { ...api, metadata: { name }, value });
    }
    const slot = { "example.com/slot": "1" };
    for (const node of ["node1", "node2"]) {
      const patch = JSON.stringify({ status: { capacity: slot, allocatable: slot } });
      await kubectl(site.cluster, ["patch", "node", node, "--subresource=status", "-p", patch]);
    }
    const spec = (priorityClassName: string) => ({
      priorityClassName,
      containers: [{ name: "main", image: "qnib/bench", resources: { limits: slot } }],
    });
    // The webhook follows the nodes by a watch: until it knows both slots, such a Pod has one place to go.
    const asked = { apiVersion: "v1", kind: "Pod", metadata: { name: "asked" }, spec: spec("high") };
    const path = "jsonpath={.spec.containers[0].image}";
    const admitted = () => kubectl(site.cluster, ["create", "--dry-run=server", "-o", path, "-f", "-"], asked);
    await expect.poll(admitted, { timeout: 30_000 }).toBe("qnib/bench");
    const low = { spec: spec("low"), labels: { app: "low" } };
    await site.createPod("low-1", low);
    await site.createPod("low-2", low);
    const there = await site.allBound("low", 2);
    expect(there.map(({ spec: { nodeName } }) => nodeName).sort()).toEqual(["node1", "node2"]);
    const made = await site.createPod("high", { spec: spec("high") });
    expect(site.buildIn(made)).toBe("written");
    const bound = await site.bound("high");
    expect(await site.podsOf("low")).toHaveLength(1);
    expect(site.buildIn(bound)).toBe(buildOf[bound.spec.nodeName ?? ""]);
    expect(site.note(bound)).toMatchObject({ node: bound.spec.nodeName });
  });
});
