import { machineTypeLabel } from "./node-labels.ts";

/**
 * The rules that a MachineType must follow, in one place: the parser applies them, and the CRD is generated from them
 * (scripts/generate-crds.ts), so that the API server and the offline commands refuse the same things in the same words.
 */
export interface Rule {
  /** Source of a regular expression that means the same in JavaScript and in RE2 (the API server's). No quotes. */
  readonly pattern: string;
  /** Says what is required and gives a right value. Follows the field's path and its value in the message. */
  readonly message: string;
}

/**
 * The general form only: which namespaces exist and which values they take is known to the hardware room, and a name
 * that nobody knows is a right value too. Bare names (`skylake`), `cpu-broadwell`, `sm_90a`, `8.6+PTX`, `amd64/v3` and
 * `gfx90a:sramecc+:xnack-` are all read. No comma: it separates features in annotations.
 */
export const featureRule: Rule = {
  pattern: "^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?[:=])?[A-Za-z0-9]([A-Za-z0-9._/:=+-]*[A-Za-z0-9_+-])?$",
  message: 'must be one feature, written namespace:value without spaces or commas, for example "cpu:broadwell"',
};

export const featureNamespace: Rule = {
  pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
  message: 'must be the namespace of a feature, without colon or value, for example "fabric"',
};

/** resource.k8s.io/v1, ResourceSlice `spec.driver`: a DNS subdomain of at most 63 characters. */
export const deviceDriver: Rule = {
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
  message: 'must be the name of a DRA driver, for example "gpu.example.com"',
};

/** resource.k8s.io/v1 QualifiedName: a C identifier of at most 32 characters, and a domain where it is not the driver's. */
export const deviceAttributeRule: Rule = {
  pattern: "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z_][A-Za-z0-9_]{0,31}$",
  message:
    'must be the name of a device attribute, with its domain where that is not the driver\'s, for example "capability"',
};

/** k8s.io/apimachinery IsQualifiedName: a DNS prefix of at most 253 characters, and a name of at most 63. */
export const labelKeyRule: Rule = {
  pattern:
    "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
  message: 'must be a label key, for example "node.kubernetes.io/instance-type"',
};
export const labelPrefixLength = 253;

/** k8s.io/apimachinery IsValidLabelValue. */
export const labelValueRule: Rule = {
  pattern: "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$",
  message:
    'must be a label value: at most 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends, for example "g3.4xlarge"',
};

export const platformVariant: Rule = {
  pattern: "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",
  message: 'must be a platform variant as in docker --platform, for example "v8"',
};

/** A resource.Quantity that is not negative. */
export const quantityRule: Rule = {
  pattern: "^([0-9]+([.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$",
  message: 'must be a quantity that is not negative, for example "1" or "16Gi"',
};

/** Extended resources are counted, never divided (core validation, ValidateResourceQuantityValue). */
export const wholeQuantity: Rule = {
  pattern: "^[0-9]+([KMGTPE]i|[kMGTPE])?$",
  message: 'must be a whole number for a resource with a "/" in its name, for example "1"',
};

/** GOOS values that a container image or a node may have (image-spec, image-index.md: `os` is a GOOS value). */
export const operatingSystems = [
  "linux",
  "windows",
  "darwin",
  "freebsd",
  "netbsd",
  "openbsd",
  "dragonfly",
  "solaris",
  "illumos",
  "aix",
  "plan9",
  "wasip1",
] as const;

/** GOARCH values; `x86_64` and `aarch64` are not among them: they are amd64 and arm64. */
export const architectures = [
  "amd64",
  "arm64",
  "386",
  "arm",
  "loong64",
  "mips",
  "mips64",
  "mips64le",
  "mipsle",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "wasm",
] as const;

/** Fields of a spec that speak of nodes. */
export const nodeFields = ["nodeSelector", "featureLabels", "deviceAttributes", "nodeTemplate"] as const;

export const selectorOperators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
export const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** Messages for missing fields, and for a few rules without a pattern. */
export const requiredFields = {
  spec: 'is needed, for example {nodeSelector: {matchLabels: {node.kubernetes.io/instance-type: g3.4xlarge}}, features: ["cpu:broadwell"]}',
  nodeSelector:
    "is needed and says which nodes are of this type, for example {matchLabels: {node.kubernetes.io/instance-type: g3.4xlarge}}; for machines outside the cluster write external: true",
  noNodes: "must be absent with external: true: machines outside the cluster are no nodes and have no labels",
  externalPlatform:
    "is needed with external: true, as no kubelet says it, for example {os: linux, architecture: amd64}",
  emptySelector:
    "must not be empty: it would make every node of this type; for really all nodes write {matchLabels: {kubernetes.io/os: linux}}",
  key: 'is needed: the label to look at, for example "node.kubernetes.io/instance-type"',
  operator: 'is needed: one of "In", "NotIn", "Exists", "DoesNotExist"',
  values: 'is needed with operator In or NotIn, for example ["g3.4xlarge"]',
  noValues: "must be absent with operator Exists or DoesNotExist; to compare with values, use operator: In",
  os: 'is needed in a platform, for example "linux"',
  architecture: 'is needed in a platform, for example "amd64"',
  label: 'is needed: the label that carries the feature, for example "example.com/fabric"',
  namespace: 'is needed: the namespace of the features that the label carries, for example "fabric"',
  uniqueLabel: "must name each label once, for example [{label: example.com/fabric, namespace: fabric}]",
  driver: 'is needed: the DRA driver whose devices have the attribute, for example "gpu.example.com"',
  attribute: 'is needed: the device attribute whose value is the feature\'s, for example "capability"',
  deviceNamespace: 'is needed: the namespace of the feature that the attribute gives, for example "nvcap"',
  uniqueDeviceNamespace:
    "must name one attribute for each driver and namespace, for example [{driver: gpu.example.com, attribute: capability, namespace: nvcap}]",
  taintKey: 'is needed in a taint, for example "nvidia.com/gpu"',
  effect: 'is needed in a taint, for example "NoSchedule"',
  name: `must have at most 63 characters, because it becomes the value of the label ${machineTypeLabel}, for example "type4"`,
} as const;

/** Sizes. `Items` of lists, `Properties` of maps, `Length` of strings (characters). */
export const limits = {
  nameLength: 63,
  priority: 1_000_000,
  featureItems: 64,
  featureLength: 128,
  namespaceLength: 63,
  /** A prefix of 253, the slash, and a name of 63. */
  keyLength: 317,
  labelValueLength: 63,
  matchLabelProperties: 32,
  matchExpressionItems: 32,
  selectorValueItems: 64,
  featureLabelItems: 16,
  deviceAttributeItems: 16,
  deviceDriverLength: 63,
  /** A domain of 63, the slash, and an identifier of 32. */
  deviceAttributeLength: 96,
  variantLength: 32,
  templateLabelProperties: 64,
  templateTaintItems: 16,
  templateAllocatableProperties: 32,
  quantityLength: 32,
  /** The most items of each list of `status` that the controller writes. */
  statusFeatureItems: 128,
  statusProfileItems: 16,
  statusConditionItems: 8,
  /** metav1.Condition's own limits. */
  reasonLength: 1024,
  messageLength: 32_768,
} as const;
