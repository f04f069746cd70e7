/**
 * MachineTypes that must be refused, by the API server and by the offline parser alike, with the field named and a
 * right value (or the limit) shown.
 */
export interface BadMachineType {
  readonly name: string;
  /** The field that both messages name. */
  readonly field: string;
  /** What both messages show. */
  readonly shows: string;
  /** Replaces fields of a right spec; `null` as a whole means: no spec at all. */
  readonly spec?: Readonly<Record<string, unknown>> | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const repeat = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const labels = (count: number) => Object.fromEntries(repeat(count, (index) => [`example.com/l${index}`, "x"]));
const expression = (requirement: unknown) => ({ nodeSelector: { matchExpressions: [requirement] } });
const template = (nodeTemplate: unknown) => ({ nodeTemplate });
const taint = (value: unknown) => template({ taints: [value] });

const platform = { os: "linux", architecture: "amd64" };
const external = { nodeSelector: undefined, external: true, platform };
const instanceType = "node.kubernetes.io/instance-type";

export const badMachineTypes: readonly BadMachineType[] = [
  { name: "no spec", field: "spec", shows: "nodeSelector", spec: null },
  {
    name: "a name too long for a label value",
    field: "metadata.name",
    shows: "63",
    metadata: { name: "a".repeat(64) },
  },

  { name: "no nodeSelector", field: "spec.nodeSelector", shows: instanceType, spec: { nodeSelector: undefined } },
  {
    name: "neither a nodeSelector nor external machines",
    field: "spec.nodeSelector",
    shows: "external: true",
    spec: { nodeSelector: undefined, external: false },
  },
  {
    name: "a nodeSelector of external machines",
    field: "spec.nodeSelector",
    shows: "external: true",
    spec: { external: true, platform },
  },
  {
    name: "labels of external machines",
    field: "spec.featureLabels",
    shows: "external: true",
    spec: { ...external, featureLabels: [{ label: "example.com/fabric", namespace: "fabric" }] },
  },
  {
    name: "devices of external machines",
    field: "spec.deviceAttributes",
    shows: "external: true",
    spec: {
      ...external,
      deviceAttributes: [{ driver: "gpu.example.com", attribute: "capability", namespace: "nvcap" }],
    },
  },
  {
    name: "new nodes of external machines",
    field: "spec.nodeTemplate",
    shows: "external: true",
    spec: { ...external, nodeTemplate: { labels: { pool: "gpu" } } },
  },
  {
    name: "external machines without a platform",
    field: "spec.platform",
    shows: "architecture: amd64",
    spec: { ...external, platform: undefined },
  },
  {
    name: "external as text",
    field: "spec.external",
    shows: "type boolean",
    spec: { ...external, external: "yes" },
  },
  {
    name: "empty nodeSelector",
    field: "spec.nodeSelector",
    shows: "kubernetes.io/os: linux",
    spec: { nodeSelector: {} },
  },
  {
    name: "empty matchLabels and matchExpressions",
    field: "spec.nodeSelector",
    shows: "kubernetes.io/os: linux",
    spec: { nodeSelector: { matchLabels: {}, matchExpressions: [] } },
  },
  {
    name: "nodeSelector as text",
    field: "spec.nodeSelector",
    shows: "type object",
    spec: { nodeSelector: "pool=gpu" },
  },
  {
    name: "a label key with a space",
    field: "spec.nodeSelector.matchLabels",
    shows: instanceType,
    spec: { nodeSelector: { matchLabels: { "instance type": "x" } } },
  },
  {
    name: "a label key with two slashes",
    field: "spec.nodeSelector.matchLabels",
    shows: instanceType,
    spec: { nodeSelector: { matchLabels: { "a/b/c": "x" } } },
  },
  {
    name: "a label value with a slash",
    field: "spec.nodeSelector.matchLabels[pool]",
    shows: "g3.4xlarge",
    spec: { nodeSelector: { matchLabels: { pool: "gpu/a" } } },
  },
  {
    name: "a label value that is a number",
    field: "spec.nodeSelector.matchLabels",
    shows: "type string",
    spec: { nodeSelector: { matchLabels: { pool: 7 } } },
  },
  {
    name: "too many labels",
    field: "spec.nodeSelector.matchLabels",
    shows: "at most 32 items",
    spec: { nodeSelector: { matchLabels: labels(33) } },
  },
  {
    name: "a requirement without a key",
    field: "spec.nodeSelector.matchExpressions[0].key",
    shows: instanceType,
    spec: expression({ operator: "Exists" }),
  },
  {
    name: "a requirement with an empty key",
    field: "spec.nodeSelector.matchExpressions[0].key",
    shows: instanceType,
    spec: expression({ key: "", operator: "Exists" }),
  },
  {
    name: "a requirement without an operator",
    field: "spec.nodeSelector.matchExpressions[0].operator",
    shows: '"In"',
    spec: expression({ key: "pool", values: ["a"] }),
  },
  {
    name: "an operator that node affinity has and label selectors have not",
    field: "spec.nodeSelector.matchExpressions[0].operator",
    shows: '"In", "NotIn", "Exists", "DoesNotExist"',
    spec: expression({ key: "cores", operator: "Gt", values: ["8"] }),
  },
  {
    name: "In without values",
    field: "spec.nodeSelector.matchExpressions[0].values",
    shows: "g3.4xlarge",
    spec: expression({ key: "pool", operator: "In" }),
  },
  {
    name: "NotIn with no value in the list",
    field: "spec.nodeSelector.matchExpressions[0].values",
    shows: "g3.4xlarge",
    spec: expression({ key: "pool", operator: "NotIn", values: [] }),
  },
  {
    name: "Exists with values",
    field: "spec.nodeSelector.matchExpressions[0].values",
    shows: "operator: In",
    spec: expression({ key: "pool", operator: "Exists", values: ["a"] }),
  },
  {
    name: "a value that no label can have",
    field: "spec.nodeSelector.matchExpressions[0].values[1]",
    shows: "g3.4xlarge",
    spec: expression({ key: "pool", operator: "In", values: ["a", "b c"] }),
  },

  { name: "priority as text", field: "spec.priority", shows: "type integer", spec: { priority: "high" } },
  { name: "priority too high", field: "spec.priority", shows: "1000000", spec: { priority: 1_000_001 } },

  {
    name: "platform without os",
    field: "spec.platform.os",
    shows: '"linux"',
    spec: { platform: { architecture: "amd64" } },
  },
  {
    name: "platform without architecture",
    field: "spec.platform.architecture",
    shows: '"amd64"',
    spec: { platform: { os: "linux" } },
  },
  {
    name: "the kernel's name of an architecture",
    field: "spec.platform.architecture",
    shows: '"amd64"',
    spec: { platform: { os: "linux", architecture: "x86_64" } },
  },
  {
    name: "an os with a capital",
    field: "spec.platform.os",
    shows: '"linux"',
    spec: { platform: { os: "Linux", architecture: "amd64" } },
  },
  { name: "platform as text", field: "spec.platform", shows: "type object", spec: { platform: "linux/amd64" } },
  {
    name: "a variant with a slash",
    field: "spec.platform.variant",
    shows: '"v8"',
    spec: { platform: { os: "linux", architecture: "arm64", variant: "/v8" } },
  },

  {
    name: "a feature with a space",
    field: "spec.features[0]",
    shows: "cpu:broadwell",
    spec: { features: ["cpu: broadwell"] },
  },
  {
    name: "two features in one",
    field: "spec.features[0]",
    shows: "cpu:broadwell",
    spec: { features: ["cpu:broadwell,nvcap:5.2"] },
  },
  {
    name: "a feature without a value",
    field: "spec.features[1]",
    shows: "cpu:broadwell",
    spec: { features: ["a:b", "cpu:"] },
  },
  {
    name: "a feature without a namespace",
    field: "spec.features[0]",
    shows: "cpu:broadwell",
    spec: { features: [":skylake"] },
  },
  { name: "an empty feature", field: "spec.features[0]", shows: "cpu:broadwell", spec: { features: [""] } },
  { name: "a feature twice", field: "spec.features[1]", shows: "Duplicate value", spec: { features: ["a:b", "a:b"] } },
  {
    name: "a feature as a number",
    field: "spec.features[0]",
    shows: "type string",
    spec: { features: [5.2] },
  },
  { name: "features as text", field: "spec.features", shows: "type array", spec: { features: "cpu:skylake" } },
  { name: "a feature too long", field: "spec.features[0]", shows: "128", spec: { features: [`a:${"b".repeat(128)}`] } },
  {
    name: "too many features",
    field: "spec.features",
    shows: "at most 64 items",
    spec: { features: repeat(65, (index) => `a:${index}`) },
  },

  {
    name: "a feature label without a namespace",
    field: "spec.featureLabels[0].namespace",
    shows: '"fabric"',
    spec: { featureLabels: [{ label: "example.com/fabric" }] },
  },
  {
    name: "a feature label without a label",
    field: "spec.featureLabels[0].label",
    shows: "example.com/fabric",
    spec: { featureLabels: [{ namespace: "fabric" }] },
  },
  {
    name: "a namespace with a colon",
    field: "spec.featureLabels[0].namespace",
    shows: '"fabric"',
    spec: { featureLabels: [{ label: "example.com/fabric", namespace: "fabric:" }] },
  },
  {
    name: "a label that is no label key",
    field: "spec.featureLabels[0].label",
    shows: instanceType,
    spec: { featureLabels: [{ label: "Example.com/fabric", namespace: "fabric" }] },
  },
  {
    name: "a label twice",
    field: "spec.featureLabels",
    shows: "example.com/fabric",
    spec: {
      featureLabels: [
        { label: "a", namespace: "x" },
        { label: "a", namespace: "y" },
      ],
    },
  },

  {
    name: "a device attribute without a driver",
    field: "spec.deviceAttributes[0].driver",
    shows: "gpu.example.com",
    spec: { deviceAttributes: [{ attribute: "capability", namespace: "nvcap" }] },
  },
  {
    name: "a device attribute without a name",
    field: "spec.deviceAttributes[0].attribute",
    shows: "capability",
    spec: { deviceAttributes: [{ driver: "gpu.example.com", namespace: "nvcap" }] },
  },
  {
    name: "a device attribute without a namespace",
    field: "spec.deviceAttributes[0].namespace",
    shows: '"nvcap"',
    spec: { deviceAttributes: [{ driver: "gpu.example.com", attribute: "capability" }] },
  },
  {
    name: "a driver that is no DNS name",
    field: "spec.deviceAttributes[0].driver",
    shows: "gpu.example.com",
    spec: { deviceAttributes: [{ driver: "GPU", attribute: "capability", namespace: "nvcap" }] },
  },
  {
    name: "an attribute that is no identifier",
    field: "spec.deviceAttributes[0].attribute",
    shows: "capability",
    spec: { deviceAttributes: [{ driver: "gpu.example.com", attribute: "compute-capability", namespace: "nvcap" }] },
  },
  {
    name: "a device namespace with a colon",
    field: "spec.deviceAttributes[0].namespace",
    shows: '"fabric"',
    spec: { deviceAttributes: [{ driver: "gpu.example.com", attribute: "capability", namespace: "nvcap:" }] },
  },
  {
    name: "two attributes for one namespace",
    field: "spec.deviceAttributes",
    shows: "capability",
    spec: {
      deviceAttributes: [
        { driver: "gpu.example.com", attribute: "capability", namespace: "nvcap" },
        { driver: "gpu.example.com", attribute: "other", namespace: "nvcap" },
      ],
    },
  },
  {
    name: "seventeen device attributes",
    field: "spec.deviceAttributes",
    shows: "must have at most 16 items",
    spec: {
      deviceAttributes: repeat(17, (index) => ({
        driver: "gpu.example.com",
        attribute: `a${index}`,
        namespace: `n${index}`,
      })),
    },
  },

  {
    name: "a taint without a key",
    field: "spec.nodeTemplate.taints[0].key",
    shows: "nvidia.com/gpu",
    spec: taint({ effect: "NoSchedule" }),
  },
  {
    name: "a taint without an effect",
    field: "spec.nodeTemplate.taints[0].effect",
    shows: '"NoSchedule"',
    spec: taint({ key: "gpu" }),
  },
  {
    name: "an effect that does not exist",
    field: "spec.nodeTemplate.taints[0].effect",
    shows: '"NoSchedule"',
    spec: taint({ key: "gpu", effect: "NoRun" }),
  },
  {
    name: "a taint's value with a space",
    field: "spec.nodeTemplate.taints[0].value",
    shows: "g3.4xlarge",
    spec: taint({ key: "gpu", value: "a b", effect: "NoSchedule" }),
  },
  {
    name: "a template's label value with a slash",
    field: "spec.nodeTemplate.labels[pool]",
    shows: "g3.4xlarge",
    spec: template({ labels: { pool: "a/b" } }),
  },
  {
    name: "a template's label key with a space",
    field: "spec.nodeTemplate.labels",
    shows: instanceType,
    spec: template({ labels: { "a b": "x" } }),
  },
  {
    name: "a quantity that is none",
    field: "spec.nodeTemplate.allocatable[memory]",
    shows: '"16Gi"',
    spec: template({ allocatable: { memory: "16 GB" } }),
  },
  {
    name: "a negative quantity",
    field: "spec.nodeTemplate.allocatable[nvidia.com/gpu]",
    shows: '"16Gi"',
    spec: template({ allocatable: { "nvidia.com/gpu": -1 } }),
  },
  {
    name: "half a device",
    field: "spec.nodeTemplate.allocatable",
    shows: "whole number",
    spec: template({ allocatable: { "nvidia.com/gpu": "0.5" } }),
  },
  {
    name: "a resource name with a space",
    field: "spec.nodeTemplate.allocatable",
    shows: "label key",
    spec: template({ allocatable: { "nvidia gpu": "1" } }),
  },
];

/** A right MachineType with the row's mistake in it, as it would stand in a manifest. */
export function toManifest(row: BadMachineType, name = "bad"): unknown {
  const right = { nodeSelector: { matchLabels: { [instanceType]: "g3.4xlarge" } }, features: ["cpu:broadwell"] };
  const spec = row.spec === null ? {} : { spec: { ...right, ...row.spec } };
  const manifest = {
    apiVersion: "metahub.dev/v1alpha1",
    kind: "MachineType",
    metadata: { name, ...row.metadata },
    ...spec,
  };
  return JSON.parse(JSON.stringify(manifest));
}
