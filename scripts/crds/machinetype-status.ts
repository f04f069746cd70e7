import { limits } from "../../src/api/rules.ts";
import { conditionOf } from "./condition.ts";
import { atomic, list, mapBy, object, type Schema, text } from "./schema.ts";

const condition = conditionOf(["Ready", "Homogeneous", "Exclusive", "PlatformMatches"]);

const offered = (description: string) =>
  list(description, limits.statusFeatureItems, atomic, text("A feature, namespace:value.", limits.featureLength * 2));

const nodeCount = (description: string): Schema => ({ description, type: "integer", format: "int32", minimum: 0 });

/** What the controller writes. */
export const status = object("What the nodes of this type really are; written by the controller.", {
  observedGeneration: {
    description: "The generation of the spec that this status is about.",
    type: "integer",
    format: "int64",
    minimum: 0,
  },
  nodes: nodeCount("How many nodes are of this type."),
  platform: text("os/architecture[/variant] of all nodes; absent where they differ.", 128),
  features: offered("What every node of this type offers."),
  profiles: list("The distinct profiles of the nodes, the most frequent first.", limits.statusProfileItems, atomic, {
    ...object("Nodes that offer the same.", {
      features: offered("What these nodes offer."),
      nodes: nodeCount("How many nodes have this profile."),
      example: text("The name of one of these nodes.", 253),
    }),
    required: ["features", "nodes", "example"],
  }),
  conditions: list(
    "Ready: there are nodes, or a template of them. Homogeneous: all nodes offer the same. Exclusive: no other machine type selects one of the nodes. PlatformMatches: the kubelets report what spec.platform declares.",
    limits.statusConditionItems,
    mapBy("type"),
    condition,
  ),
});
