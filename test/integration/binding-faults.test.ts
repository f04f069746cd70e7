import { afterAll, expect, test } from "vitest";
import { kubectl } from "../cluster/kubectl.ts";
import { type BindingSite, openBindingSite, reasonOf, soon } from "../support/cluster/binding-site.ts";
import { describeWith } from "../support/describe-with.ts";

/** The controller's patience is short, so that a test can wait for its end. */
const found = await openBindingSite({ controllerArgs: ["--restore-after", "1500"] });
const manual = { schedulerName: "nobody" };

describeWith(found, "a binding for which something fails", (site) => {
  afterAll(() => site.stop());

  test("the registry is away: Pods that were read before get their builds, others are bound as written", async () => {
    const known = await site.createPod("outage-known", { spec: manual });
    await site.publish("qnib/unseen", { "unseen-skylake": ["cpu:skylake"], "unseen-generic": [] });
    await site.registry.halt();
    try {
      await site.bind(known, "node2");
      expect(site.buildIn(await site.pod("outage-known"))).toBe("cpu-skylake");
      const unseen = await site.createPod("outage-unseen", { spec: manual, image: "qnib/unseen" });
      await site.bind(unseen, "node2");
      const bound = await site.pod("outage-unseen");
      expect([bound.spec.nodeName, bound.spec.containers?.[0]?.image]).toEqual(["node2", "qnib/unseen"]);
      expect(await site.outcome("undecided")).toBe(1);
    } finally {
      await site.registry.resume(soon());
    }
  });

  test("a Pod that stays unbound after it was written gets back what it had", async () => {
    const { controller } = site.operator;
    const events = () => controller.metric("metahub_watch_events_total", 'resource="pods"', soon());
    const before = await events();
    const pod = await site.createPod("restored", { spec: manual });
    // What the controller did not see it does not put back; after the API server's restart it takes a moment.
    await expect.poll(events, { timeout: 30_000 }).toBeGreaterThan(before);
    const stale = { uid: pod.metadata.uid, resourceVersion: "1" };
    expect(await reasonOf(site.bind(pod, "node1", { metadata: stale }))).toBe("Conflict");
    expect(site.buildIn(await site.pod("restored"))).toBe("cpu-broadwell");
    await site.operator.webhook.kill();
    try {
      await expect.poll(async () => site.buildIn(await site.pod("restored")), { timeout: 20_000 }).toBe("written");
      const restored = await site.pod("restored");
      expect(restored.metadata.annotations).toEqual(pod.metadata.annotations);
      await site.bind(pod, "node2");
      expect(site.buildIn(await site.pod("restored"))).toBe("written");
      const count = await controller.metric("metahub_controller_writes_total", 'kind="pod",outcome="written"', soon());
      expect(count).toBe(1);
    } finally {
      await site.operator.webhook.restart(soon());
    }
  });

  test("a policy that denies our write: the Pod is bound as it was, and an Event says so", async () => {
    const user = "system:serviceaccount:metahub-system:metahub-webhook";
    const remove = await policy(site, "no-write", ["pods"], "UPDATE", `request.userInfo.username != '${user}'`);
    const pod = await site.createPod("no-write", { spec: manual });
    await site.bind(pod, "node1");
    await remove();
    const bound = await site.pod("no-write");
    expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node1", "written"]);
    expect(await site.outcome("refused")).toBe(1);
    await expect.poll(() => site.eventsOf("no-write"), { timeout: 20_000 }).toContain("SelectionRefused");
  });

  test("a policy that denies the bind: the Pod is not written, and gets the build of where it comes to", async () => {
    const remove = await policy(site, "no-bind", ["pods/binding"], "CREATE", "object.target.name != 'node1'");
    const pod = await site.createPod("no-bind", { spec: manual });
    expect(await reasonOf(site.bind(pod, "node1"))).toBe("Invalid");
    expect(await site.pod("no-bind")).toEqual(pod);
    await site.bind(pod, "node2");
    await remove();
    expect(site.buildIn(await site.pod("no-bind"))).toBe("cpu-skylake");
  });

  test("PodSecurity turned restricted meanwhile: the Pod is bound as it was", async () => {
    const pod = await site.createPod("restricted", { spec: manual });
    const label = "pod-security.kubernetes.io/enforce";
    await kubectl(site.cluster, ["label", "namespace", "default", `${label}=restricted`]);
    try {
      await expect.poll(() => reasonOf(site.createPod("canary")), { timeout: 20_000 }).toBe("Forbidden");
      await site.bind(pod, "node1");
    } finally {
      await kubectl(site.cluster, ["label", "namespace", "default", `${label}-`]);
    }
    const bound = await site.pod("restricted");
    expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node1", "written"]);
    await expect.poll(() => site.eventsOf("restricted"), { timeout: 20_000 }).toContain("SelectionRefused");
  });
});

/** Makes a policy and waits until it holds. Returns what takes it away. */
async function policy(
  site: BindingSite,
  name: string,
  resources: readonly string[],
  operation: string,
  expression: string,
): Promise<() => Promise<void>> {
  const api = { apiVersion: "admissionregistration.k8s.io/v1", metadata: { name } };
  const rule = { apiGroups: [""], apiVersions: ["v1"], operations: [operation], resources };
  const probe = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["limitranges"] };
  const validations = [{ expression: `request.resource.resource == 'limitranges' ? false : ${expression}` }];
  const spec = { failurePolicy: "Fail", matchConstraints: { resourceRules: [rule, probe] }, validations };
  const binding = { policyName: name, validationActions: ["Deny"] };
  await kubectl(site.cluster, ["create", "-f", "-"], { ...api, kind: "ValidatingAdmissionPolicy", spec });
  await kubectl(site.cluster, ["create", "-f", "-"], {
    ...api,
    kind: "ValidatingAdmissionPolicyBinding",
    spec: binding,
  });
  // It denies a LimitRange too, so that nothing else must be tried to see whether it holds.
  const limits = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "probe" }, spec: { limits: [] } };
  const held = async (): Promise<number> => {
    const input = JSON.stringify(limits);
    const args = ["create", "--dry-run=server", "-f", "-"];
    return (await site.cluster.kubectl(args, { signal: soon(), input })).code;
  };
  await expect.poll(held, { timeout: 30_000 }).toBe(1);
  return async () => {
    await kubectl(site.cluster, ["delete", "validatingadmissionpolicybinding", name]);
    await kubectl(site.cluster, ["delete", "validatingadmissionpolicy", name]);
    await expect.poll(held, { timeout: 30_000 }).toBe(0);
  };
}
