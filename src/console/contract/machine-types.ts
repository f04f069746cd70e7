import { z } from "zod";
import { feature, notes, resourceVersion, time } from "./parts.ts";

/** A MachineType's spec goes through as it is: the API server, or our parser in a folder, says what is wrong with it. */
const machineTypeSpec = z.record(z.string(), z.unknown());

export const condition = z.object({
  type: z.string(),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string(),
  message: z.string(),
});

/** GET /api/v1/machine-types/{name}, and each item of GET /api/v1/machine-types. */
export const machineType = z.object({
  name: z.string(),
  resourceVersion: resourceVersion.optional(),
  spec: machineTypeSpec,
  external: z.boolean(),
  platform: z.string().optional(),
  /** Features that its machines offer, grouped by namespace: `cpu`, `nvcap`, …; declared ones are marked. */
  features: z.array(
    z.object({
      namespace: z.string(),
      features: z.array(z.object({ feature, declared: z.boolean(), says: z.string().optional() })),
    }),
  ),
  nodes: z.number().int(),
  /** More than one where its nodes differ. */
  profiles: z.array(z.object({ features: z.array(feature), nodes: z.number().int(), example: z.string() })),
  conditions: z.array(condition),
  /** Credentials that count now; undefined where the person may not read them. */
  credentials: z.number().int().optional(),
  /** For GitOps: the object as YAML, without what the API server adds. */
  yaml: z.string(),
  changed: time.optional(),
  notes,
});
export type MachineTypeView = z.infer<typeof machineType>;

/** POST /api/v1/machine-types, PUT /api/v1/machine-types/{name} (with the resourceVersion that was read). */
export const machineTypeDraft = z
  .object({ name: z.string().max(253), resourceVersion: resourceVersion.optional(), spec: machineTypeSpec })
  .strict();
export type MachineTypeDraft = z.infer<typeof machineTypeDraft>;

/** POST /api/v1/machine-types:preview, with a draft as body. `?delete=1` previews a deletion. */
export const preview = z.object({
  /** Nodes that would be of this type, at most 200 by name; `nodes` counts all. */
  nodes: z.number().int(),
  names: z.array(z.string()),
  /** Nodes that it would take from other types, or leave to them, or to none. */
  moved: z.array(z.object({ from: z.string().nullable(), to: z.string().nullable(), nodes: z.number().int() })),
  features: z.array(feature),
  /** Fields that the API server (by a dry run), or our parser, would refuse. */
  refused: z.array(z.object({ path: z.string(), message: z.string() })),
  warnings: z.array(z.string()),
  /** For a deletion: running Pods on its nodes whose images were chosen, and credentials that would end. */
  pods: z.number().int().optional(),
  credentials: z.number().int().optional(),
});
export type Preview = z.infer<typeof preview>;

/** GET /api/v1/features?prefix=… : names that the program knows. */
export const knownFeature = z.object({
  feature,
  /** One line: what it is. */
  says: z.string(),
  /** Builds that a machine of it can run, too, nearest first; at most 32. */
  above: z.array(feature),
  /** Names that descend from it; at most 32. */
  below: z.array(feature),
});
export const features = z.object({ items: z.array(knownFeature), more: z.boolean() });
export type KnownFeature = z.infer<typeof knownFeature>;
