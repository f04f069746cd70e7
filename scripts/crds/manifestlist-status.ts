import { listLimits as limits } from "../../src/api/list-rules.ts";
import { limits as machineLimits } from "../../src/api/rules.ts";
import { conditionOf } from "./condition.ts";
import { atomic, list, mapBy, object, text } from "./schema.ts";

const entry = {
  ...object("The state of one build.", {
    image: text("The reference, as the spec has it.", limits.imageLength),
    digest: text("The content that it named.", 256),
    platform: text("os/architecture[/variant]; of an index all of them.", limits.statusTextLength),
    requires: list(
      "All that it requires, whoever said so.",
      limits.statusRequiresItems,
      atomic,
      text("A feature, namespace:value; alternatives joined by a bar.", limits.statusTextLength),
    ),
    lastResolved: {
      description: "When the registry was asked last, and answered.",
      type: "string",
      format: "date-time",
      maxLength: 64,
    },
    error: text("Why it does not count.", limits.statusTextLength),
  }),
  required: ["image"],
};

/** The status that is written by the program that serves lists. */
export const status = object("What became of the list; written by the program that serves it.", {
  observedGeneration: {
    description: "The generation of the spec that this status is about.",
    type: "integer",
    format: "int64",
    minimum: 0,
  },
  builds: text("Builds that were found, of those listed, such as 3/4.", 16),
  entries: list("The builds, in the order of the spec.", limits.statusEntryItems, atomic, entry),
  conditions: list(
    "Ready: every build counts. Conflict: another list speaks for the same name, and counts instead.",
    machineLimits.statusConditionItems,
    mapBy("type"),
    conditionOf(["Ready", "Conflict"]),
  ),
});
