import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { reachable } from "../cluster/require.ts";
import { sharedCluster } from "../cluster/vitest.ts";
import { container, imageOf, noteOf, onType, pod } from "../support/cluster/pods.ts";
import { openStage, type Stage } from "../support/cluster/stage.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await reachable(await sharedCluster("api"));
const examplePods = join(import.meta.dirname, "../../examples/pods.yaml");
const exampleDeployment = join(import.meta.dirname, "../../examples/deployment.yaml");

describeWith(found, "one image name, four machine types, four builds", (shared) => {
  let stage: Stage;
  let namespace: string;
  const read = (name: string): Promise<Pod> => stage.witness.pod(namespace, name);
  const apply = (file: string, ...args: readonly string[]) =>
    stage.kubectl(["apply", "-n", namespace, "-f", file, ...args]);
  const resourceVersions = (): Promise<string> =>
    stage.must([
      "get",
      "pods",
      "-n",
      namespace,
      "-o",
      "jsonpath={.items[*]['metadata.name','metadata.resourceVersion']}",
    ]);

  beforeAll(async () => {
    stage = await openStage(shared.cluster);
    namespace = await stage.namespace();
  });
  afterAll(async () => {
    await stage?.close();
    await shared.cluster.stop();
  });

  test("the four Pods of the examples get their four builds, on the nodes that these are for", async () => {
    const { code, stderr } = await apply(examplePods);
    expect([code, stderr]).toEqual([0, ""]);
    await stage.must(["wait", "--for=condition=PodScheduled", "pod", "--all", "-n", namespace, "--timeout=30s"]);
    const got = await Promise.all(
      ["type1", "type2", "type3", "type4"].map(async (type) => {
        const { spec } = await read(`bench-${type}`);
        return [type, spec.containers?.[0]?.image, spec.nodeName];
      }),
    );
    expect(got).toEqual([
      ["type1", stage.image("cpu-broadwell"), `${stage.prefix}-node1`],
      ["type2", stage.image("cpu-skylake"), `${stage.prefix}-node2`],
      ["type3", stage.image("cpu-coffelake"), `${stage.prefix}-node3`],
      ["type4", stage.image("cpu_broadwell-nvcap_52"), `${stage.prefix}-node4`],
    ]);
    expect(new Set(got.map(([, image]) => image)).size).toBe(4);
  });

  test("the annotation tells what was asked, what was chosen and why", async () => {
    expect(noteOf(await read("bench-type4"), "bench")).toMatchObject({
      asked: "qnib/bench",
      index: stage.builds.index.digest,
      variant: stage.image("cpu_broadwell-nvcap_52").split("@")[1],
      requires: "cpu:broadwell, nvcap:5.2",
      machineType: "type4",
      code: "selected",
      reason: expect.stringContaining("cpu:broadwell"),
    });
  });

  test.each([
    ["client-side", []],
    ["server-side", ["--server-side", "--force-conflicts"]],
  ])("a second apply (%s) changes nothing", async (_side, args) => {
    // The first server-side apply after a client-side one takes the fields over.
    if (args.length > 0) expect((await apply(examplePods, ...args)).stderr).not.toContain("Error");
    const before = await resourceVersions();
    const { code, stderr } = await apply(examplePods, ...args);
    expect(code, stderr).toBe(0);
    // The owner hears of it, and of nothing else.
    const said = stderr.trim().split("\n");
    expect(said.filter((line) => !/^Warning: metahub: image qnib\/bench of bench is put back to /.test(line))).toEqual(
      [],
    );
    expect(imageOf(await read("bench-type1"))).toBe(stage.image("cpu-broadwell"));
    expect(await resourceVersions()).toBe(before);
  });

  test("an image that was changed on purpose is chosen anew", async () => {
    await stage.must(["set", "image", "-n", namespace, "pod/bench-type2", "bench=qnib/bench:generic"]);
    const changed = await read("bench-type2");
    expect(imageOf(changed)).toBe("qnib/bench:generic");
    expect(noteOf(changed, "bench")).toBeUndefined();
    await stage.must(["set", "image", "-n", namespace, "pod/bench-type2", "bench=qnib/bench:latest"]);
    expect(imageOf(await read("bench-type2"))).toBe(stage.image("cpu-skylake"));
  });

  test("a Pod that pins a build stays as it is, on any machine", async () => {
    const image = stage.image("cpu-broadwell");
    const admitted = await stage.admit(pod("pinned", { ...onType("type2"), containers: [container(image)] }));
    expect([imageOf(admitted), admitted.metadata.annotations]).toEqual([image, undefined]);
  });

  test("a Pod that pins the index gets the build, also where it keeps the tag beside the digest", async () => {
    const { digest } = stage.builds.index;
    for (const image of [`qnib/bench@${digest}`, `docker.io/qnib/bench:latest@${digest}`]) {
      const admitted = await stage.admit(pod("index", { ...onType("type2"), containers: [container(image)] }));
      expect(imageOf(admitted)?.split("@")[1]).toBe(stage.image("cpu-skylake").split("@")[1]);
      expect(noteOf(admitted)).toMatchObject({ asked: image, index: digest });
    }
  });

  test("a node outside all machine types gets the generic build", async () => {
    const nodeSelector = { "kubernetes.io/hostname": `${stage.prefix}-node5` };
    const admitted = await stage.admit(pod("generic", { nodeSelector }));
    expect(imageOf(admitted)).toBe(stage.image("generic"));
    expect(noteOf(admitted)).toMatchObject({ code: "generic", requires: "generic" });
    expect(noteOf(admitted)).not.toHaveProperty("machineType");
  });

  test("the Pods of a Deployment that may land anywhere get the build of the node that each is bound to", async () => {
    await apply(exampleDeployment);
    const pods = async (): Promise<Pod[]> => {
      const list = JSON.parse(await stage.must(["get", "pods", "-l", "app=bench", "-n", namespace, "-o", "json"]));
      return list.items.map(parsePod);
    };
    const bound = async (): Promise<number> => (await pods()).filter(({ spec }) => spec.nodeName !== undefined).length;
    await expect.poll(bound, { timeout: 30_000 }).toBe(8);
    const builds = new Map([
      ["type1", stage.image("cpu-broadwell")],
      ["type2", stage.image("cpu-skylake")],
      ["type3", stage.image("cpu-coffelake")],
      ["type4", stage.image("cpu_broadwell-nvcap_52")],
      ["", stage.image("generic")],
    ]);
    const types = new Set<string>();
    for (const made of await pods()) {
      const path = "jsonpath={.metadata.labels.metahub\\.dev/machine-type}";
      const type = await stage.must(["get", "node", made.spec.nodeName ?? "", "-o", path]);
      types.add(type);
      expect([type, imageOf(made)]).toEqual([type, builds.get(type)]);
      expect(noteOf(made, "bench")).toMatchObject({ asked: "qnib/bench" });
    }
    expect(types.size).toBeGreaterThan(1);
  });

  test("the Pods of a Deployment that is aimed at a pool are rewritten, its template is not", async () => {
    const patch = JSON.stringify({ spec: { template: { spec: onType("type4") } } });
    await stage.must(["patch", "deployment", "bench", "-n", namespace, "--type=merge", "-p", patch]);
    const selector = `pod-template-hash,app=bench`;
    await expect
      .poll(
        async () => {
          const list = JSON.parse(await stage.must(["get", "pods", "-l", selector, "-n", namespace, "-o", "json"]));
          return list.items.map((item: unknown) => imageOf(parsePod(item)));
        },
        { timeout: 20_000 },
      )
      .toContain(stage.image("cpu_broadwell-nvcap_52"));
    const path = "jsonpath={.spec.template.spec.containers[0].image}";
    expect(await stage.must(["get", "deployment", "bench", "-n", namespace, "-o", path])).toBe("qnib/bench");
  });

  test("no match condition failed", async () => {
    expect(await stage.conditionErrors()).toEqual([]);
  });
});
