import type { Change } from "../contract/views.ts";

/** The parts of what people see that are told of as changed. */
export type ToldKind = Extract<Change, { event: "changed" }>["kind"];

/**
 * The kinds whose answers change too where objects of one kind do: what still is the best build of a Pod goes by its
 * node's labels and its namespace's, and who gets which build by machine types, nodes and manifest lists.
 */
export const alsoChanged: Readonly<Record<Exclude<ToldKind, "matrix"> | "namespaces", readonly ToldKind[]>> = {
  "machine-types": ["selections", "matrix"],
  nodes: ["selections", "matrix"],
  namespaces: ["selections"],
  "manifest-lists": ["matrix"],
  credentials: [],
  selections: [],
};
