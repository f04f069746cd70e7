import { beforeEach, describe, expect, test } from "vitest";
import { bench, buildOf, imageOf, onNode, podWith, World } from "../../test/support/admission/bench.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";

const steer = { "metahub.dev/no-match": "steer" };
const required = "requiredDuringSchedulingIgnoredDuringExecution";

/** `qnib/narrow` fits node2, `qnib/half` node1 and node4, `qnib/gpu` node4. */
function open(options: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(options);
  world.publish("qnib/bench", "latest", bench);
  world.publish("qnib/narrow", "latest", { narrow: "cpu:skylake" });
  world.publish("qnib/wide", "latest", { one: "cpu:broadwell", two: "cpu:skylake" });
  world.publish("qnib/gpu", "latest", { onGpu: "nvcap:5.2" });
  world.publish("qnib/none", "latest", { never: "cpu:power9le" });
  return world;
}

describe("no-match: steer", () => {
  let world: World;
  beforeEach(() => {
    world = open();
  });
  const profilesOf = async (object: object): Promise<readonly string[] | undefined> => {
    const { pod } = await world.review(object);
    const { nodeSelectorTerms } = pod.spec.affinity?.nodeAffinity?.[required] ?? {};
    return nodeSelectorTerms?.[0]?.matchExpressions?.find(({ key }) => key === "metahub.dev/profile")?.values;
  };

  test("the Pod may land only where a build fits, and what follows from that is decided at once", async () => {
    const answer = await world.review(podWith({ image: "qnib/narrow", annotations: steer }));
    expect(answer.warnings).toBeUndefined();
    expect(imageOf(answer.pod)).toBe(buildOf("narrow", "qnib/narrow"));
    expect(answer.operations.map(({ path }) => path)).toEqual([
      "/spec/affinity",
      "/spec/containers/0/image",
      "/metadata/annotations/metahub.dev~1selection",
    ]);
    expect(await profilesOf(podWith({ image: "qnib/narrow", annotations: steer }))).toHaveLength(1);
  });

  test("where several machines need different builds it is steered all the same, and left for its binding", async () => {
    const answer = await world.review(podWith({ image: "qnib/wide", annotations: steer }));
    expect(imageOf(answer.pod)).toBe("qnib/wide");
    expect(answer.pod.metadata.annotations?.[selectionAnnotation]).toContain("nodes-differ");
    expect(await profilesOf(podWith({ image: "qnib/wide", annotations: steer }))).toHaveLength(3);
  });

  test("what else its affinity says stays", async () => {
    const podAntiAffinity = { [required]: [{ topologyKey: "zone", labelSelector: {} }] };
    const object = podWith({ image: "qnib/narrow", annotations: steer, spec: { affinity: { podAntiAffinity } } });
    const { operations } = await world.review(object);
    expect(operations[0]).toMatchObject({ op: "add", path: "/spec/affinity/nodeAffinity" });
  });

  test("all images count", async () => {
    const containers = [
      { name: "main", image: "qnib/wide" },
      { name: "second", image: "qnib/narrow" },
    ];
    expect(await profilesOf(podWith({ annotations: steer, spec: { containers } }))).toHaveLength(1);
    const initContainers = [{ name: "init", image: "qnib/narrow" }];
    expect(
      await profilesOf(podWith({ image: "qnib/wide", annotations: steer, spec: { initContainers } })),
    ).toHaveLength(1);
  });

  test("devices that DRA gives are the scheduler's business: no label tells which they are", async () => {
    const gpu = (resources: object) => [{ name: "main", image: "qnib/gpu", resources }];
    expect(await profilesOf(podWith({ annotations: steer, spec: { containers: gpu({}) } }))).toHaveLength(1);
    const claims = { claims: [{ name: "gpu" }] };
    expect(await profilesOf(podWith({ annotations: steer, spec: { containers: gpu(claims) } }))).toBeUndefined();
  });

  test.each<[string, object]>([
    ["every machine runs a build", podWith({ annotations: steer })],
    ["there is no choice", podWith({ image: buildOf("narrow", "qnib/narrow"), annotations: steer })],
    ["the Pod goes where it fits anyhow", podWith({ image: "qnib/narrow", annotations: steer, spec: onNode("node2") })],
    ["it names its node", podWith({ image: "qnib/narrow", annotations: steer, spec: { nodeName: "node1" } })],
    ["nobody asked for it", podWith({ image: "qnib/narrow" })],
    ["nothing is known of the image", podWith({ image: "qnib/missing", annotations: steer })],
    ["no node fits the Pod", podWith({ image: "qnib/narrow", annotations: steer, spec: onNode("node9") })],
  ])("no affinity where %s", async (_, object) => {
    const { pod, warnings } = await world.review(object);
    expect(pod.spec.affinity).toBeUndefined();
    expect((warnings ?? []).filter((text) => text.includes("steered"))).toEqual([]);
  });

  test("where nothing fits anywhere it is left, with a Warning", async () => {
    const { pod, warnings } = await world.review(podWith({ image: "qnib/none", annotations: steer }));
    expect([pod.spec.affinity, imageOf(pod)]).toEqual([undefined, "qnib/none"]);
    expect(warnings).toEqual([
      expect.stringContaining("image qnib/none of main is left as written: on none of its 4 kinds of nodes"),
      "metahub: annotation metahub.dev/no-match: the Pod is not steered: no node that it can land on runs a build of each of its images",
    ]);
  });

  test("the Pod of a DaemonSet is for one node: where its image does not fit, it is not kept from it", async () => {
    const aimedAt = (node: string): object => {
      const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
      return { affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchFields }] } } } };
    };
    for (const node of ["node1", "node2"]) {
      const object = podWith({ image: "qnib/narrow", annotations: steer, spec: aimedAt(node) });
      const { pod, operations } = await world.review(object);
      expect(operations.filter(({ path }) => path.includes("affinity"))).toEqual([]);
      expect(imageOf(pod)).toBe(node === "node2" ? buildOf("narrow", "qnib/narrow") : "qnib/narrow");
    }
  });

  test("the webhook called again for its own result changes nothing", async () => {
    for (const image of ["qnib/narrow", "qnib/wide"]) {
      const once = await world.review(podWith({ image, annotations: steer }));
      expect((await world.review(once.pod)).operations).toEqual([]);
    }
  });

  test("an update never touches the affinity", async () => {
    const old = podWith({ annotations: steer });
    const { operations } = await world.review(podWith({ image: "qnib/narrow", annotations: steer }), old);
    expect(operations.filter(({ path }) => path.includes("affinity"))).toEqual([]);
  });

  test("accelerators that labels tell of count for those who get one", async () => {
    expect(await profilesOf(podWith({ image: "qnib/gpu", annotations: steer }))).toHaveLength(1);
  });

  test("more profiles than one rule may name are left, with a Warning", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 65 }, (_, index) => [`n${index}`, ["cpu:skylake", `fabric:f${index}`]]),
    );
    world = open({ machines: { ...many, other: ["cpu:unheard"] } });
    const { pod, warnings } = await world.review(podWith({ image: "qnib/narrow", annotations: steer }));
    expect(pod.spec.affinity).toBeUndefined();
    expect(warnings).toContainEqual(expect.stringContaining("nodes of 65 profiles run its images, more than the 64"));
  });

  test("where no node carries the label, nobody is steered to it", async () => {
    world = open({ steering: { labelled: () => false } });
    const { pod, warnings } = await world.review(podWith({ image: "qnib/narrow", annotations: steer }));
    expect(pod.spec.affinity).toBeUndefined();
    expect(warnings).toContainEqual(expect.stringContaining("do not carry the label metahub.dev/profile"));
  });
});
