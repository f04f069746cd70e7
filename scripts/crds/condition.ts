import { limits } from "../../src/api/rules.ts";
import { choice, object, type Schema, text } from "./schema.ts";

/** A meta/v1 Condition of these types. */
export const conditionOf = (types: readonly string[]): Schema => ({
  ...object("A meta/v1 Condition.", {
    type: choice("What is judged.", types),
    status: choice("The verdict.", ["True", "False", "Unknown"]),
    observedGeneration: {
      description: "The generation of the spec that was judged.",
      type: "integer",
      format: "int64",
      minimum: 0,
    },
    lastTransitionTime: {
      description: "When the status last changed.",
      type: "string",
      format: "date-time",
      maxLength: 64,
    },
    reason: text("The reason, for programs.", limits.reasonLength),
    message: text("The reason, for people.", limits.messageLength),
  }),
  required: ["type", "status", "lastTransitionTime", "reason", "message"],
});
