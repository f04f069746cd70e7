import { test } from "vitest";
import { sharedCluster } from "../cluster/vitest.ts";
import { onType, pod, container } from "./support/pods.ts";
import { openStage } from "./support/stage.ts";
const shared = await sharedCluster("api");
test("x", async () => {
  if ("skip" in shared) return;
  const stage = await openStage(shared.cluster);
  const ns = await stage.namespace();
  await stage.must(["create", "-n", ns, "-f", "-"], pod("plain", { ...onType("type4"), containers: [container("qnib/bench"), container("qnib/bench", "second")] }));
  await stage.must(["create", "-n", ns, "-f", "-"], pod("any", { schedulingGates: [{ name: "example.com/wait" }] }));
  console.log((await stage.must(["describe", "pod", "plain", "-n", ns])).slice(0, 1800));
  console.log((await stage.must(["describe", "pod", "any", "-n", ns])).slice(0, 1800));
  await stage.close();
}, 200_000);
