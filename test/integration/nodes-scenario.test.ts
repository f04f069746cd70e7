import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { kubectl } from "../cluster/kubectl.ts";
import { createProgress } from "../cluster/progress.ts";
import { requireLevel } from "../cluster/require.ts";
import { examplesFolder } from "../demo/examples.ts";
import { type Scenario, setScenario } from "../demo/scenario.ts";
import { describeWith } from "../support/describe-with.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const found = await requireLevel({
  provider: "local",
  level: "nodes",
  // The fifth fits no machine type.
  nodes: ["node1", "node2", "node3", "node4", "node5"],
  tools: ["kubectl", "helm", "printer"],
  signal: new AbortController().signal,
  progress: say,
});

const notOptimized = ">> This container is not optimized for a specific microarchitecture";
const optimizedFor = (features: string): string => `>> This container is optimized for: ${features}`;

const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ nodeName: z.string(), containers: z.array(z.object({ image: z.string() })) }),
      status: z.object({
        containerStatuses: z.array(z.object({ imageID: z.string(), restartCount: z.number() })),
      }),
    }),
  ),
});

describeWith(found, "one image name on real nodes of five kinds", ({ cluster }) => {
  let scenario: Scenario;

  /** The tag of the build that a Pod runs, and what it printed. */
  async function seen(
    selector: string,
  ): Promise<readonly { name: string; node: string; tag: string; printed: string }[]> {
    const { items } = list.parse(JSON.parse(await kubectl(cluster, ["get", "pods", "-l", selector, "-o", "json"])));
    return Promise.all(
      items.map(async ({ metadata: { name }, spec, status }) => {
        const digest = spec.containers[0]?.image.split("@")[1] ?? "";
        // The kubelet ran what the Pod says, and ran it once.
        expect(status.containerStatuses).toMatchObject([{ restartCount: 0, imageID: expect.stringContaining(digest) }]);
        const printed = await kubectl(cluster, ["logs", name]);
        return { name, node: spec.nodeName, tag: scenario.builds.tags.get(digest) ?? "as written", printed };
      }),
    );
  }

  const ready = (selector: string): Promise<string> =>
    kubectl(cluster, ["wait", "--for=condition=Ready", "pod", "-l", selector, "--timeout=50s"]);

  beforeAll(async () => {
    scenario = await setScenario({ cluster, progress: createProgress(say), signal: AbortSignal.timeout(180_000) });
  }, 180_000);
  afterAll(() => cluster.stop());

  test("every container of one Deployment prints that it runs the build for its machine", async () => {
    await kubectl(cluster, ["apply", "-f", join(examplesFolder, "deployment.yaml")]);
    await kubectl(cluster, ["rollout", "status", "deployment/bench", "--timeout=50s"]);
    const pods = await seen("app=bench");
    expect(pods).toHaveLength(8);
    const table = new Set(pods.map(({ node, tag, printed }) => `${node} ${tag} ${printed}`));
    expect([...table].sort()).toEqual([
      `node1 cpu-broadwell ${optimizedFor("cpu:broadwell")}`,
      `node2 cpu-skylake ${optimizedFor("cpu:skylake")}`,
      `node3 cpu-coffelake ${notOptimized}`,
      `node4 cpu_broadwell-nvcap_52 ${optimizedFor("cpu:broadwell,nvcap:5.2")}`,
      `node5 generic ${notOptimized}`,
    ]);
    const template = "jsonpath={.spec.template.spec.containers[0].image}";
    expect(await kubectl(cluster, ["get", "deployment", "bench", "-o", template])).toBe("qnib/bench");
  });

  test("a second apply changes and restarts nothing", async () => {
    const versions = ["get", "pods", "-l", "app=bench", "-o", "jsonpath={.items[*]['metadata.name','spec']}"];
    const before = await kubectl(cluster, versions);
    await kubectl(cluster, ["apply", "-f", join(examplesFolder, "deployment.yaml")]);
    await kubectl(cluster, ["rollout", "status", "deployment/bench", "--timeout=50s"]);
    expect(await kubectl(cluster, versions)).toBe(before);
  });

  test("a bare Pod that is applied again, from either side, goes on running the same container", async () => {
    const labels = { app: "applied" };
    const containers = [{ name: "main", image: "qnib/bench" }];
    const manifest = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "applied", labels },
      spec: { terminationGracePeriodSeconds: 1, containers },
    };
    const running = () =>
      kubectl(cluster, [
        "get",
        "pod",
        "applied",
        "-o",
        "jsonpath={.spec.containers[0].image} {.status.containerStatuses}",
      ]);
    await kubectl(cluster, ["apply", "-f", "-"], manifest);
    await ready("app=applied");
    expect((await seen("app=applied")).map(({ tag }) => tag)).not.toContain("as written");
    const before = await running();
    const server = ["--server-side", "--force-conflicts"];
    for (const how of [[], server, [], server]) {
      await kubectl(cluster, ["apply", "-f", "-", ...how], manifest);
      await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/applied", "--timeout=50s"]);
    }
    expect(await running()).toBe(before);
    await kubectl(cluster, ["delete", "pod", "applied"]);
  });

  test("a StatefulSet's Pod that comes back on another kind of machine runs the other build", async () => {
    const labels = { app: "moved" };
    const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: "main", image: "qnib/bench" }] };
    await kubectl(cluster, ["create", "-f", "-"], {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "moved" },
      spec: { serviceName: "moved", selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const builds: Record<string, string> = {};
    try {
      for (const name of ["node1", "node2", "node3", "node4", "node5"]) await kubectl(cluster, ["cordon", name]);
      for (const name of ["node2", "node4", "node1"]) {
        await kubectl(cluster, ["uncordon", name]);
        // The one that is there, if it was bound before the nodes were cordoned, or on the node of the last round.
        await kubectl(cluster, ["delete", "pod", "moved-0", "--ignore-not-found"]);
        await kubectl(cluster, ["wait", "--for=create", "pod/moved-0", "--timeout=30s"]);
        await ready("app=moved");
        await kubectl(cluster, ["cordon", name]);
        for (const { node, tag } of await seen("app=moved")) builds[node] = tag;
      }
    } finally {
      for (const name of ["node1", "node2", "node3", "node4", "node5"]) await kubectl(cluster, ["uncordon", name]);
    }
    expect(builds).toEqual({ node2: "cpu-skylake", node4: "cpu_broadwell-nvcap_52", node1: "cpu-broadwell" });
  });

  test("without declared features the labels of NFD and GFD decide, and the GPU's build goes to who has the GPU", async () => {
    for (const type of ["type1", "type2", "type3", "type4"]) {
      const patch = JSON.stringify({ spec: { features: null } });
      await kubectl(cluster, ["patch", "machinetype", type, "--type=merge", "-p", patch]);
    }
    // The controller has seen it, and with it, moments apart, the webhooks.
    await kubectl(cluster, ["wait", "--for=jsonpath={.status.observedGeneration}=2", "machinetype", "--all"]);
    const pod = (node: string, limits: object) =>
      kubectl(cluster, ["create", "-f", "-"], {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { generateName: "labels-", labels: { app: "labels" } },
        spec: {
          nodeSelector: { "kubernetes.io/hostname": node },
          containers: [{ name: "main", image: "qnib/bench", resources: { limits } }],
        },
      });
    await Promise.all(["node1", "node2", "node3", "node4"].map((node) => pod(node, {})));
    await pod("node4", { "nvidia.com/gpu": "1" });
    await ready("app=labels");
    const table = (await seen("app=labels")).map(({ node, tag, printed }) => `${node} ${tag} ${printed}`);
    expect(table.sort()).toEqual([
      `node1 cpu-broadwell ${optimizedFor("cpu:broadwell")}`,
      `node2 cpu-skylake ${optimizedFor("cpu:skylake")}`,
      // A Coffee Lake of Intel's spelling has the instructions of Skylake.
      `node3 cpu-skylake ${optimizedFor("cpu:skylake")}`,
      `node4 cpu-broadwell ${optimizedFor("cpu:broadwell")}`,
      `node4 cpu_broadwell-nvcap_52 ${optimizedFor("cpu:broadwell,nvcap:5.2")}`,
    ]);
  });
});
