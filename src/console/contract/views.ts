import { z } from "zod";
import { condition } from "./machine-types.ts";
import { digest, feature, groups, notes, pageOf, time } from "./parts.ts";

/** GET /api/v1/matrix?image=… : the JSON of `metahub explain` (explaining/json.ts), and what each build needs in words. */
export const matrix = z.object({
  image: z.string(),
  digest,
  list: z.string().optional(),
  variants: z.array(
    z.object({
      digest,
      platform: z.string(),
      requires: groups,
      position: z.number().int(),
      repository: z.string().optional(),
      /** One line for a person: `an AMD Zen 4 or later; an NVIDIA GPU of capability 9.0`. */
      says: z.string(),
    }),
  ),
  machines: z.array(
    z.object({
      kind: z.enum(["MachineType", "Node"]),
      name: z.string(),
      platform: z.string(),
      offers: z.array(feature),
      selected: digest.nullable(),
      action: z.enum(["rewrite", "leave"]),
      reason: z.string(),
      /** True where the person may not see what its machines offer: then nothing is selected or considered. */
      unknown: z.literal(true).optional(),
      considered: z.array(
        z.discriminatedUnion("outcome", [
          z.object({ digest, outcome: z.literal("selected") }),
          z.object({ digest, outcome: z.literal("outranked"), by: digest }),
          z.object({ digest, outcome: z.literal("incompatible"), missing: groups }),
        ]),
      ),
      warnings: z.array(z.string()),
    }),
  ),
  notes,
});
export type Matrix = z.infer<typeof matrix>;

/** GET /api/v1/nodes?search=&machineType=&profile=&after=&limit= (limit at most 500). */
export const node = z.object({
  name: z.string(),
  machineType: z.string().nullable(),
  /** Short name of what it offers: nodes that offer alike have the same. */
  profile: z.string(),
  platform: z.string(),
  features: z.array(
    z.object({
      feature,
      /** `declared`, or the label as `name=value`. */
      from: z.string(),
    }),
  ),
  /** Labels that were not believed, and why: one line each. */
  notBelieved: z.array(z.string()),
});
export type NodeView = z.infer<typeof node>;
export const nodes = pageOf(node);

/** GET /api/v1/selections?namespace=&node=&image=&state=&after=&limit= */
export const selection = z.object({
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  /** As its owner wrote it. */
  asked: z.string(),
  /** The image that runs. */
  image: z.string(),
  build: digest.optional(),
  requires: z.string().optional(),
  reason: z.string(),
  node: z.string().optional(),
  machineType: z.string().optional(),
  at: time,
  /**
   * `best`: as it would be chosen now; `stale`: the node offers something else now, by what its labels say; `missed`: bound
   * without a choice; `left`: nothing to choose; `unknown`: cannot be told without asking the registry.
   */
  state: z.enum(["best", "stale", "missed", "left", "unknown"]),
});
export type SelectionView = z.infer<typeof selection>;
export const selections = pageOf(selection);

/** GET /api/v1/manifest-lists */
export const manifestList = z.object({
  kind: z.enum(["ManifestList", "ClusterManifestList"]),
  namespace: z.string().optional(),
  name: z.string(),
  image: z.string(),
  entries: z.array(
    z.object({
      image: z.string(),
      digest: digest.optional(),
      platform: z.string().optional(),
      requires: groups,
      resolved: time.optional(),
      error: z.string().optional(),
    }),
  ),
  conditions: z.array(condition),
  yaml: z.string(),
});
export type ManifestListView = z.infer<typeof manifestList>;
export const manifestLists = pageOf(manifestList);

/** One message of GET /api/v1/events (server-sent events, `data:` a JSON): never contents. */
export const change = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("changed"),
    /** `matrix`: who gets which build of an image may have changed. */
    kind: z.enum(["machine-types", "credentials", "nodes", "selections", "manifest-lists", "matrix"]),
    /** None: more than are told, so all may have changed. */
    names: z.array(z.string()).max(100),
  }),
  /** The watch behind it is lost, and then there again. */
  z.object({ event: z.literal("lost"), detail: z.string() }),
  z.object({ event: z.literal("back") }),
  z.object({ event: z.literal("signed-out") }),
]);
export type Change = z.infer<typeof change>;
