import { metahubApiVersion, metahubGroup, metahubVersion } from "../../src/api/machine-type.ts";
import * as rules from "../../src/api/rules.ts";
import { limits, requiredFields } from "../../src/api/rules.ts";
import { status } from "./machinetype-status.ts";
import {
  atomic,
  choice,
  column,
  keyedByLabel,
  labelKey,
  labelValue,
  list,
  matches,
  needs,
  object,
  type Schema,
  set,
  text,
  validated,
} from "./schema.ts";

const requirement = object(
  "A requirement on one label.",
  {
    key: labelKey("The label."),
    operator: choice(
      "How the label's value relates to the values. NotIn and DoesNotExist also hold for nodes without the label.",
      rules.selectorOperators,
    ),
    values: list("For In and NotIn only.", limits.selectorValueItems, atomic, labelValue("A value of the label.")),
  },
  needs("key", requiredFields.key),
  needs("operator", requiredFields.operator),
  {
    rule: "!has(self.operator) || !(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
    message: requiredFields.values,
    fieldPath: ".values",
    reason: "FieldValueRequired",
  },
  {
    rule: "!has(self.operator) || self.operator in ['In', 'NotIn'] || !has(self.values) || size(self.values) == 0",
    message: requiredFields.noValues,
    fieldPath: ".values",
  },
);

const nodeSelector = object(
  "The nodes that are of this type, by their labels: all of matchLabels and all of matchExpressions must hold. Not empty.",
  {
    matchLabels: keyedByLabel(
      "Labels with exactly these values.",
      limits.matchLabelProperties,
      labelValue("The label's value."),
    ),
    matchExpressions: list("Requirements on labels.", limits.matchExpressionItems, atomic, requirement),
  },
  {
    rule: "(has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0)",
    message: requiredFields.emptySelector,
  },
);

const platform = object(
  "The platform of the nodes, where it is not to be read from the nodes themselves.",
  {
    os: choice("Operating system, a GOOS value.", rules.operatingSystems),
    architecture: choice("Architecture, a GOARCH value.", rules.architectures),
    variant: text("Variant of the architecture, such as v8.", limits.variantLength, matches(rules.platformVariant)),
  },
  needs("os", requiredFields.os),
  needs("architecture", requiredFields.architecture),
);

const featureLabel = object(
  "A label whose value is a feature.",
  {
    label: labelKey("The label on the nodes."),
    namespace: text(
      "The namespace of the feature that the label's value gives.",
      limits.namespaceLength,
      matches(rules.featureNamespace),
    ),
  },
  needs("label", requiredFields.label),
  needs("namespace", requiredFields.namespace),
);

const deviceAttribute = object(
  "An attribute of devices whose value is a feature.",
  {
    driver: text("The DRA driver, as ResourceSlices name it.", limits.deviceDriverLength, matches(rules.deviceDriver)),
    attribute: text(
      "The attribute of the driver's devices.",
      limits.deviceAttributeLength,
      matches(rules.deviceAttributeRule),
    ),
    namespace: text(
      "The namespace of the feature that the attribute's value gives.",
      limits.namespaceLength,
      matches(rules.featureNamespace),
    ),
  },
  needs("driver", requiredFields.driver),
  needs("attribute", requiredFields.attribute),
  needs("namespace", requiredFields.deviceNamespace),
);

const taint = object(
  "A core/v1 Taint.",
  {
    key: labelKey("The taint's key."),
    value: labelValue("The taint's value."),
    effect: choice("What it does to Pods that do not tolerate it.", rules.taintEffects),
  },
  needs("key", requiredFields.taintKey),
  needs("effect", requiredFields.effect),
);

const quantity: Schema = validated(
  {
    description: "How much of the resource a Pod can ask for, a quantity.",
    "x-kubernetes-int-or-string": true,
    maxLength: limits.quantityLength,
  },
  { rule: `string(self).matches(r'${rules.quantityRule.pattern}')`, message: rules.quantityRule.message },
);

const nodeTemplate = object(
  "What a new node of a pool looks like, so that a pool that is scaled to zero counts among the places where a Pod can land.",
  {
    labels: keyedByLabel("Labels of the node.", limits.templateLabelProperties, labelValue("The label's value.")),
    taints: list("Taints of the node.", limits.templateTaintItems, atomic, taint),
    allocatable: keyedByLabel(
      "Allocatable resources of the node, such as nvidia.com/gpu.",
      limits.templateAllocatableProperties,
      quantity,
      {
        rule: `self.all(key, !key.contains('/') || string(self[key]).matches(r'${rules.wholeQuantity.pattern}'))`,
        message: rules.wholeQuantity.message,
      },
    ),
  },
);

const feature = (description: string) => text(description, limits.featureLength, matches(rules.featureRule));

const isExternal = "(has(self.external) && self.external)";

const spec = object(
  "What is declared about the machine type.",
  {
    nodeSelector,
    external: {
      description:
        "Machines outside the cluster, such as login nodes: they ask the registry, and no Pod lands there. Exactly one of this and nodeSelector.",
      type: "boolean",
    },
    priority: {
      description:
        "Where a node fits several machine types, the higher priority wins; then the name that is first in order.",
      type: "integer",
      format: "int32",
      minimum: -limits.priority,
      maximum: limits.priority,
      default: 0,
    },
    platform,
    features: list(
      "What the nodes offer, each written namespace:value. Replaces, per namespace, what labels of the nodes say.",
      limits.featureItems,
      set,
      feature("A feature, such as cpu:broadwell or nvcap:5.2."),
    ),
    // Atomic with a rule, not listType=map: keys of a map must be in `required`, whose message shows no right value.
    featureLabels: validated(
      list("Labels of your own that carry features.", limits.featureLabelItems, atomic, featureLabel),
      {
        rule: "self.all(one, !has(one.label) || self.exists_one(other, has(other.label) && other.label == one.label))",
        message: requiredFields.uniqueLabel,
      },
    ),
    deviceAttributes: validated(
      list(
        "Attributes of devices allocated by DRA that carry features, for the containers that get such a device. Replaces what is known of the driver by itself, and what features declares in the same namespace.",
        limits.deviceAttributeItems,
        atomic,
        deviceAttribute,
      ),
      {
        // `namespace` is a word of CEL's own: only so escaped is its length known, and the rule within its budget.
        rule: "self.all(one, !has(one.driver) || !has(one.__namespace__) || self.exists_one(other, has(other.driver) && has(other.__namespace__) && other.driver == one.driver && other.__namespace__ == one.__namespace__))",
        message: requiredFields.uniqueDeviceNamespace,
      },
    ),
    nodeTemplate,
  },
  { ...needs("nodeSelector", requiredFields.nodeSelector), rule: `has(self.nodeSelector) || ${isExternal}` },
  ...rules.nodeFields.map((field) => ({
    rule: `!has(self.${field}) || !${isExternal}`,
    message: requiredFields.noNodes,
    fieldPath: `.${field}`,
  })),
  { ...needs("platform", requiredFields.externalPlatform), rule: `has(self.platform) || !${isExternal}` },
);

/** The CustomResourceDefinition of MachineType. */
export const machineType = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `machinetypes.${metahubGroup}` },
  spec: {
    group: metahubGroup,
    scope: "Cluster",
    names: {
      kind: "MachineType",
      listKind: "MachineTypeList",
      plural: "machinetypes",
      singular: "machinetype",
      shortNames: ["mt"],
      categories: ["metahub"],
    },
    versions: [
      {
        name: metahubVersion,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          column("Nodes", "integer", ".status.nodes", "How many nodes are of this type."),
          column("Platform", "string", ".status.platform", "Platform of all nodes."),
          column("Features", "string", ".status.features", "What every node offers."),
          column(
            "Homogeneous",
            "string",
            '.status.conditions[?(@.type=="Homogeneous")].status',
            "Do all nodes offer the same?",
          ),
          column("Age", "date", ".metadata.creationTimestamp", "Time since the machine type was made."),
        ],
        schema: {
          openAPIV3Schema: object(
            "A named class of nodes that offer the same features.",
            {
              apiVersion: { description: `${metahubApiVersion}.`, type: "string" },
              kind: { description: "MachineType.", type: "string" },
              metadata: { type: "object" },
              spec,
              status,
            },
            {
              rule: `size(self.metadata.name) <= ${limits.nameLength}`,
              message: `metadata.name ${requiredFields.name}`,
            },
            needs("spec", requiredFields.spec),
          ),
        },
      },
    ],
  },
};
