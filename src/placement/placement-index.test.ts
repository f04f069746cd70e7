import { describe, expect, test } from "vitest";
import type { NodeSelectorRequirement, NodeSelectorTerm } from "../api/affinity.ts";
import type { Pod, PodSpec } from "../api/pod.ts";
import type { Candidate, PlacementContext } from "./candidate.ts";
import { PlacementIndex } from "./placement-index.ts";

const gpuTaint = "nvidia.com/gpu";
const cordonedNode = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

function profile(id: string) {
  return { id, platform: { os: "linux", architecture: "amd64" }, features: [], accelerators: [], notes: [] };
}
function node(name: string, labels: Record<string, string>, more: Partial<Candidate> = {}): Candidate {
  const hostname = { "kubernetes.io/hostname": name };
  return {
    kind: "node",
    name,
    labels: { ...hostname, ...labels },
    taints: [],
    allocatable: {},
    profile: profile(name),
    ...more,
  };
}

// Each candidate has a profile of its own name, so that a placement reads as a list of candidates.
const someCandidates: readonly Candidate[] = [
  node("old", { pool: "cpu", generation: "5", zone: "a" }),
  node("new", { pool: "cpu", generation: "10", zone: "b" }, { taints: [cordonedNode] }),
  node(
    "gpu",
    { pool: "gpu", generation: "x" },
    { taints: [{ key: "gpu", value: "m60", effect: "NoSchedule" }], allocatable: { [gpuTaint]: "4" } },
  ),
  node("kata", { runtime: "kata" }, { taints: [{ key: "kata", effect: "NoExecute" }] }),
  {
    kind: "template",
    name: "future",
    labels: { "kubernetes.io/hostname": "", pool: "future" },
    taints: [{ key: "spot", effect: "PreferNoSchedule" }],
    allocatable: { [gpuTaint]: "1", "example.com/odd": "?" },
    profile: profile("future"),
    machineType: "type9",
  },
];
const emptyContext: PlacementContext = {
  deviceClassResources: new Set(["example.com/dra"]),
  runtimeClasses: new Map([
    ["kata", { nodeSelector: { runtime: "kata" }, tolerations: [{ key: "kata", operator: "Exists" }] }],
  ]),
};
const anywhere = [{ operator: "Exists" }];

function place(spec: PodSpec) {
  return new PlacementIndex(someCandidates, emptyContext).place({ metadata: {}, spec });
}
function landsOn(spec: PodSpec): string {
  return place(spec)
    .profiles.map(({ profile: { id } }) => id)
    .sort()
    .join(" ");
}
function affine(...nodeSelectorTerms: NodeSelectorTerm[]): PodSpec {
  return {
    tolerations: anywhere,
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  };
}
function label(key: string, operator: NodeSelectorRequirement["operator"], ...values: string[]): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator, values }] };
}
function field(operator: NodeSelectorRequirement["operator"], ...values: string[]): NodeSelectorTerm {
  return { matchFields: [{ key: "metadata.name", operator, values }] };
}
function asks(resource: string, amount: string): PodSpec {
  return { tolerations: anywhere, containers: [{ name: "c", resources: { limits: { [resource]: amount } } }] };
}

describe("PlacementIndex.place", () => {
  const cases: [rule: string, spec: PodSpec, lands: string][] = [
    ["no rule of its own: all without lasting taints, a cordoned node too", {}, "future new old"],
    ["nodeName", { nodeName: "old" }, "old"],
    ["nodeName goes before every other rule", { nodeName: "gpu", nodeSelector: { pool: "cpu" } }, "gpu"],
    ["nodeName of no known node", { nodeName: "gone" }, ""],
    ["nodeName never means a machine type", { nodeName: "future" }, ""],
    ["nodeSelector", { nodeSelector: { pool: "cpu" } }, "new old"],
    ["nodeSelector, all labels", { nodeSelector: { pool: "cpu", zone: "b" } }, "new"],
    ["nodeSelector on a template", { nodeSelector: { pool: "future" } }, "future"],
    ["nodeSelector that nobody has", { nodeSelector: { pool: "none" } }, ""],
    ["nodeSelector on an inherited property", { nodeSelector: { constructor: "x" } }, ""],
    ["In", affine(label("pool", "In", "gpu", "future")), "future gpu"],
    ["NotIn, absent counts", affine(label("pool", "NotIn", "gpu", "cpu")), "future kata"],
    ["Exists", affine(label("zone", "Exists")), "new old"],
    ["DoesNotExist", affine(label("pool", "DoesNotExist")), "kata"],
    ["Gt compares numbers, not text", affine(label("generation", "Gt", "5")), "new"],
    ["Lt", affine(label("generation", "Lt", "10")), "old"],
    ["terms are ORed", affine(label("zone", "In", "a"), label("pool", "In", "gpu")), "gpu old"],
    ["requirements of a term are ANDed", affine({ ...label("pool", "In", "cpu"), ...field("In", "new") }), "new"],
    ["an empty term matches nothing", affine({}, label("pool", "In", "gpu")), "gpu"],
    ["only empty terms match nothing", affine({}), ""],
    ["no terms match nothing", affine(), ""],
    ["no affinity matches everything", { tolerations: anywhere, affinity: {} }, "future gpu kata new old"],
    ["affinity and nodeSelector both hold", { ...affine(label("pool", "Exists")), nodeSelector: { zone: "a" } }, "old"],
    ["matchFields In, as DaemonSets write it", affine(field("In", "gpu")), "gpu"],
    ["matchFields NotIn: a new node has another name", affine(field("NotIn", "gpu")), "future kata new old"],
    ["matchFields with two values is no valid term", affine(field("In", "gpu", "old")), ""],
    ["matchFields Exists is no valid term", affine(field("Exists")), ""],
    [
      "a template has a host name, but nobody's",
      affine(label("kubernetes.io/hostname", "NotIn", "old", "new")),
      "future gpu kata",
    ],
    [
      "toleration by value",
      { tolerations: [{ key: "gpu", value: "m60", effect: "NoSchedule" }] },
      "future gpu new old",
    ],
    ["toleration of another value", { tolerations: [{ key: "gpu", value: "h100" }] }, "future new old"],
    [
      "toleration of another effect",
      { tolerations: [{ key: "gpu", operator: "Exists", effect: "NoExecute" }] },
      "future new old",
    ],
    ["NoExecute keeps away too", { tolerations: [{ key: "kata", operator: "Exists" }] }, "future kata new old"],
    ["toleration of everything", { tolerations: anywhere }, "future gpu kata new old"],
    ["a resource that some nodes list", asks(gpuTaint, "1"), "future gpu"],
    ["more of it", asks(gpuTaint, "2"), "gpu"],
    ["more than any node has", asks(gpuTaint, "5"), ""],
    ["none of it", asks(gpuTaint, "0"), "future gpu kata new old"],
    ["a resource that nobody lists", asks("example.com/none", "1"), ""],
    ["a resource that a DeviceClass serves", asks("example.com/dra", "1"), "future gpu kata new old"],
    ["an allocatable that cannot be read may be enough", asks("example.com/odd", "1"), "future"],
    ["cpu is no extended resource", asks("cpu", "1000"), "future gpu kata new old"],
    ["device claims", { resourceClaims: [{ name: "gpu" }], tolerations: anywhere }, "future gpu kata new old"],
    ["RuntimeClass adds selector and tolerations", { runtimeClassName: "kata" }, "kata"],
    [
      "RuntimeClass against the Pod's own selector",
      { runtimeClassName: "kata", nodeSelector: { runtime: "runc" } },
      "",
    ],
    ["an unknown RuntimeClass adds nothing", { runtimeClassName: "gvisor" }, "future new old"],
    ["a gated Pod", { schedulingGates: [{ name: "g" }], nodeSelector: { pool: "cpu" } }, "new old"],
  ];
  test.each(cases)("%s", (_rule, spec, lands) => {
    expect(landsOn(spec)).toBe(lands);
  });

  const reasons: [spec: PodSpec, reason: string][] = [
    [{ tolerations: anywhere }, "4 nodes and 1 machine type without nodes of 5 profiles"],
    [{ nodeName: "old" }, "spec.nodeName is old"],
    [{ nodeName: "gone" }, "spec.nodeName is gone, which is not a known node"],
    [{ nodeSelector: { pool: "cpu" } }, "2 nodes of 2 profiles; nodeSelector pool=cpu leaves 2 of 5"],
    [{ nodeSelector: { pool: "gpu" } }, "no node fits: untolerated taints such as gpu=m60:NoSchedule leaves none of 1"],
    [asks(gpuTaint, "5"), `no node fits: ${gpuTaint} 5 leaves none of 5`],
    [
      affine(label("pool", "In", "a", "b", "c", "d")),
      "no node fits: node affinity pool In a,b,c,… (4 values) leaves none of 5",
    ],
  ];
  test.each(reasons)("explains %j", (spec, reason) => {
    expect(place(spec).reason).toBe(reason);
  });

  test("gathers candidates of one profile", () => {
    const shared = profile("shared");
    const placement = new PlacementIndex(
      [
        { ...node("t", {}), kind: "template", profile: shared, machineType: "b" },
        { ...node("n1", {}), profile: shared, machineType: "c" },
        { ...node("n2", {}), profile: shared, machineType: "a" },
        { ...node("n3", {}), profile: shared },
        node("other", {}),
      ],
      emptyContext,
    ).place({ metadata: {}, spec: {} });
    expect(placement.profiles).toEqual([
      { profile: shared, machineTypes: ["a", "b", "c"], nodes: 3, templates: 1, example: { kind: "node", name: "n1" } },
      { profile: profile("other"), machineTypes: [], nodes: 1, templates: 0, example: { kind: "node", name: "other" } },
    ]);
    expect([placement.nodes, placement.templates]).toEqual([4, 1]);
  });

  test("says that nothing is known", () => {
    expect(new PlacementIndex([], emptyContext).place({ metadata: {}, spec: {} }).reason).toBe(
      "no nodes and no nodeTemplates are known",
    );
  });

  test("gives equal Pods the same object", () => {
    const index = new PlacementIndex(someCandidates, emptyContext);
    const pod = (name: string): Pod => ({ metadata: { name }, spec: { nodeSelector: { pool: "cpu" } } });
    expect(index.place(pod("a"))).toBe(index.place(pod("b")));
  });
});

describe("PlacementIndex.from", () => {
  const previous = new PlacementIndex(someCandidates, emptyContext);

  test("is the previous index where nothing has changed, however the candidates are wrapped", () => {
    expect(
      PlacementIndex.from(
        previous,
        someCandidates.map((candidate) => ({ ...candidate })),
        emptyContext,
      ),
    ).toBe(previous);
  });

  test("is a new index where only the context has changed", () => {
    const context = { ...emptyContext, deviceClassResources: new Set([gpuTaint]) };
    const pod: Pod = { metadata: {}, spec: asks(gpuTaint, "5") };
    expect(previous.place(pod).profiles).toHaveLength(0);
    expect(PlacementIndex.from(previous, someCandidates, context).place(pod).profiles).toHaveLength(5);
  });

  test("groups the taints afresh where others are transient now", () => {
    const pod: Pod = { metadata: {}, spec: {} };
    const lenient = new PlacementIndex(someCandidates, { ...emptyContext, transientTaints: new Set(["gpu", "kata"]) });
    expect(lenient.place(pod).profiles).toHaveLength(5);
    expect(PlacementIndex.from(lenient, someCandidates, emptyContext).place(pod).profiles).toHaveLength(3);
  });

  const changes: [what: string, change: Partial<Candidate>][] = [
    ["labels", { labels: { pool: "gpu" } }],
    ["taints", { taints: [{ key: "gpu", effect: "NoSchedule" }] }],
    ["allocatable", { allocatable: { [gpuTaint]: "1" } }],
    ["profile", { profile: profile("other") }],
    ["name", { name: "renamed" }],
    ["kind", { kind: "template" }],
    ["machineType", { machineType: "type1" }],
  ];
  test.each(changes)("reads a candidate again whose %s have changed", (what, change) => {
    const [first, ...others] = someCandidates;
    if (first === undefined) throw new Error("no candidates");
    const changed = { ...first, ...change };
    const specs: PodSpec[] = [{}, { nodeName: first.name }, { nodeSelector: { pool: "cpu" } }, asks(gpuTaint, "1")];
    const before = new PlacementIndex(someCandidates, emptyContext);
    for (const spec of specs) before.place({ metadata: {}, spec });
    const after = PlacementIndex.from(before, [changed, ...others], emptyContext);
    const fresh = new PlacementIndex([changed, ...others], emptyContext);
    const answers = specs.map((spec) => after.place({ metadata: {}, spec }));
    expect(answers).toEqual(specs.map((spec) => fresh.place({ metadata: {}, spec })));
    expect(answers, what).not.toEqual(specs.map((spec) => before.place({ metadata: {}, spec })));
  });
});
