import { Gauge, type Registry } from "prom-client";
import type { ManifestListKind } from "../api/manifest-list.ts";

export const listKinds: readonly ManifestListKind[] = ["ManifestList", "ClusterManifestList"];
export const listStates = ["counts", "conflict", "dropped"] as const;
/** A list that another one stands before for some of its tags is in conflict. One without room is dropped. */
export type ListState = (typeof listStates)[number];

export interface ListMetrics {
  lists(kind: ManifestListKind, state: ListState, count: number): void;
}

export function createListMetrics(registry: Registry): ListMetrics {
  const gauge = new Gauge({
    name: "metahub_manifest_lists",
    help: "Manifest lists that are known, by kind and by what becomes of them.",
    labelNames: ["kind", "state"],
    registers: [registry],
  });
  return { lists: (kind, state, count) => gauge.set({ kind, state }, count) };
}
