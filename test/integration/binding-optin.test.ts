import { afterAll, expect, test } from "vitest";
import { kubectl } from "../cluster/kubectl.ts";
import { openBindingSite } from "../support/cluster/binding-site.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await openBindingSite({ values: { "rewrite.mode": "optIn" } });
const manual = { schedulerName: "nobody" };
const label = "metahub.dev/rewrite";

describeWith(found, "rewrite.mode optIn at binding", (site) => {
  afterAll(() => site.stop());

  test("Pods that say `enabled` get the build of their node, others are left", async () => {
    const labels = { [label]: "enabled" };
    await site.bind(await site.createPod("in", { labels, spec: manual }), "node2");
    await site.bind(await site.createPod("not-in", { spec: manual }), "node2");
    expect(site.buildIn(await site.pod("in"))).toBe("cpu-skylake");
    expect(site.buildIn(await site.pod("not-in"))).toBe("written");
    expect(await site.outcome("skipped")).toBe(1);
  });

  test("in a namespace that says it, all do but those that say `disabled`", async () => {
    await kubectl(site.cluster, ["label", "namespace", "default", `${label}=enabled`]);
    let tries = 0;
    const build = async (): Promise<string> => {
      const name = `by-namespace-${tries++}`;
      await site.bind(await site.createPod(name, { spec: manual }), "node2");
      return site.buildIn(await site.pod(name));
    };
    // The API server learns of the label by its watch.
    await expect.poll(build, { timeout: 30_000 }).toBe("cpu-skylake");
    const labels = { [label]: "disabled" };
    await site.bind(await site.createPod("out", { labels, spec: manual }), "node2");
    expect(site.buildIn(await site.pod("out"))).toBe("written");
  });
});
