import { afterAll, describe, expect, test } from "vitest";
import { buildOf, openBindingSite, soon } from "./binding-site.ts";
import { asWritten, createMany, wrong } from "./support/binding-crowd.ts";
import { startSecondScheduler } from "./support/second-scheduler.ts";

const site = await openBindingSite();

describe.skipIf(site === undefined)("a crowd of Pods", () => {
  if (site === undefined) return;
  afterAll(() => site.stop());

  test("500 at once over four kinds of machines: none is lost, every one runs the build of its node", async () => {
    await createMany(site, "many", 500);
    const found = await site.allBound("many", 500);
    expect(new Set(found.map(({ spec }) => spec.nodeName))).toEqual(new Set(Object.keys(buildOf)));
    expect(wrong(site, found)).toEqual([]);
    // Each was written once.
    expect(await site.outcome("written")).toBe(500);
    await site.deletePods("many");
  }, 180_000);

  // Of other clusters nobody here starts a scheduler.
  test.runIf(site.cluster.provider === "local")(
    "two schedulers that both bind every Pod: none runs the build of the node that it did not get",
    async () => {
      const end = await startSecondScheduler(site.cluster, soon());
      try {
        await createMany(site, "race", 400);
        const found = await site.allBound("race", 400);
        // A machine that cannot serve two of them in time binds some as written, and never for another node.
        expect(wrong(site, found, ["written"])).toEqual([]);
        expect(asWritten(site, found).length).toBeLessThanOrEqual(await site.outcome("deadline"));
      } finally {
        await end();
      }
      // They did meet: who came second found the Pod bound.
      expect(await site.outcome("stale")).toBeGreaterThan(10);
      await site.deletePods("race");
    },
    180_000,
  );
});
