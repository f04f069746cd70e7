import { afterAll, expect, test } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { type BindingSite, openBindingSite, reasonOf, soon } from "../support/cluster/binding-site.ts";
import { describeWith } from "../support/describe-with.ts";

/** Nothing is put back meanwhile: what a Pod was written for stays in it. */
const found = await openBindingSite({ controllerArgs: ["--restore-after", "600000"] });
const manual = { schedulerName: "nobody" };
const polling = { timeout: 20_000 };

describeWith(found, "Pods that are bound while the webhook is away", (site) => {
  afterAll(() => site.stop());

  test("a Pod that was bound as it was written is told of, one that got its build is not", async () => {
    const proper = await site.createPod("proper", { spec: manual });
    const missed = await site.createPod("missed", { spec: manual });
    expect(site.note(missed)).toMatchObject({ code: "nodes-differ" });
    await site.bind(proper, "node1");
    await away(site, () => site.bind(missed, "node2"));
    await expect.poll(() => site.eventsOf("missed"), polling).toEqual(["SelectionMissed"]);
    expect(site.buildIn(await site.pod("missed"))).toBe("written");
    // The next one that is missed comes after what there was to say of this one.
    const after = await site.createPod("after", { spec: manual });
    await site.bind(after, "node3");
    const last = await site.createPod("last", { spec: manual });
    await away(site, () => site.bind(last, "node3"));
    await expect.poll(() => site.eventsOf("last"), polling).toEqual(["SelectionMissed"]);
    expect([await site.eventsOf("proper"), await site.eventsOf("after")]).toEqual([[], []]);
    expect([site.buildIn(await site.pod("proper")), site.buildIn(await site.pod("after"))]).toEqual([
      "cpu-broadwell",
      "cpu-coffelake",
    ]);
    expect(await counted(site)).toEqual([2, 0]);
  });

  test("a Pod that runs the build of another node is told of", async () => {
    const [asWritten] = await counted(site);
    const pod = await failedBind(site, "window", "node1");
    await away(site, async () => {
      await nextTry(site, pod);
      await site.bind(pod, "node2");
    });
    await expect.poll(() => site.eventsOf("window"), polling).toEqual(["SelectionForAnotherNode"]);
    const bound = await site.pod("window");
    expect([bound.spec.nodeName, site.buildIn(bound)]).toEqual(["node2", "cpu-broadwell"]);
    expect(await counted(site)).toEqual([asWritten, 1]);
  });

  test.each([
    ["is written anew for the node that it comes to", "moved", "qnib/bench", "node2"],
    ["has the right build for the node that it comes to, chosen for another", "kept", "qnib/pair", "node4"],
  ])("a Pod that %s is not told of", async (_, name, image, node) => {
    await site.publish("qnib/pair", { "pair-broadwell": ["cpu:broadwell"], "pair-generic": [] });
    const before = await counted(site);
    const pod = await failedBind(site, name, "node1", image);
    await nextTry(site, pod);
    await site.bind(pod, node);
    expect(site.note(await site.pod(name))).toMatchObject({ node, code: "selected" });
    const fence = await site.createPod(`${name}-fence`, { spec: manual });
    await away(site, () => site.bind(fence, "node2"));
    await expect.poll(() => site.eventsOf(`${name}-fence`), polling).toEqual(["SelectionMissed"]);
    expect(await site.eventsOf(name)).toEqual([]);
    expect(await counted(site)).toEqual([(before[0] ?? 0) + 1, before[1]]);
  });
});

/** A Pod that was written for the node and not bound to it; as it is then. */
async function failedBind(site: BindingSite, name: string, node: string, image = "qnib/bench"): Promise<Pod> {
  const pod = await site.createPod(name, { image, spec: manual });
  const stale = { uid: pod.metadata.uid, resourceVersion: "1" };
  expect(await reasonOf(site.bind(pod, node, { metadata: stale }))).toBe("Conflict");
  const written = await site.pod(name);
  expect(site.note(written)).toMatchObject({ node });
  return written;
}

/** A scheduler tries again a second later at the earliest; the note has whole seconds. */
async function nextTry(site: BindingSite, pod: Pod): Promise<void> {
  const writtenAt = Date.parse(String(site.note(pod)?.["at"]));
  await expect.poll(() => Date.now() - writtenAt, polling).toBeGreaterThan(2_500);
}

/** Does something while there is no webhook. */
async function away(site: BindingSite, act: () => Promise<void>): Promise<void> {
  await site.operator.webhook.kill();
  try {
    await act();
  } finally {
    await site.operator.webhook.restart(soon());
  }
}

/** How many Pods run what was written, and how many the build of another node. */
function counted({ operator }: BindingSite): Promise<readonly number[]> {
  const outcomes = ["as-written", "for-another-node"];
  return Promise.all(
    outcomes.map((outcome) => operator.controller.metric("metahub_bound_pods_total", `outcome="${outcome}"`, soon())),
  );
}
