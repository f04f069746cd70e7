import { podResource } from "../../../inventory/pods.ts";
import { isKubernetesError } from "../../../kubernetes/error.ts";
import { parseObject } from "../../../kubernetes/object.ts";
import type { SelectionQuery } from "../../backend.ts";
import { digestOf } from "../objects.ts";
import { withNotes } from "../paging.ts";
import { refusedRight } from "../problems.ts";
import { type KeptPod, keptPod } from "../selections/kept-pod.ts";
import type { SelectionRows } from "../selections/rows.ts";
import type { Member } from "./member.ts";
import type { NamedSnapshot } from "./snapshots.ts";
import type { Watches } from "./watches.ts";

/** Pods of one namespace that are read for one who may not see those of all. */
const mostPods = 5_000;

export interface SelectionsPlace {
  readonly watches: Watches;
  readonly member: Member;
  readonly rows: SelectionRows;
  /** Undefined where the person may not see nodes. */
  readonly named: NamedSnapshot | undefined;
  readonly signal: AbortSignal;
}

/** Selections of all Pods for one who may watch them all, else of the namespace that is asked for, as the API server lets. */
export async function selectionsPage(query: SelectionQuery, place: SelectionsPlace) {
  const { watches, member, rows, named, signal } = place;
  const [pods, namespaces] = await Promise.all([
    watches.pods.joinIfAllowed(member, signal),
    watches.namespaces.joinIfAllowed(member, signal),
  ]);
  const ground = { snapshot: named?.snapshot, namespaces };
  if (pods !== undefined) {
    const known = namespaces === undefined ? "" : watches.namespaces.version;
    const version = `${watches.run}-${watches.pods.version}-${known}-${named?.version ?? ""}`;
    const notes = withNotes(watches.pods.notes);
    return { ...rows.page(pods.values(), ground, query, version), version, ...notes };
  }
  if (query.namespace === undefined) {
    const words = "see the Pods of all namespaces. Choose a namespace whose Pods you may see";
    throw refusedRight({ words, right: "list pods" });
  }
  const own = await podsOf(query.namespace, member, signal);
  const page = rows.page(own, ground, query);
  return { ...page, version: digestOf(page) };
}

async function podsOf(namespace: string, { client }: Member, signal: AbortSignal): Promise<readonly KeptPod[]> {
  const kept: KeptPod[] = [];
  try {
    for await (const { items } of client.pages({ resource: podResource, namespace }, { signal })) {
      kept.push(...items.flatMap((item) => keptPod(parseObject(item)) ?? []));
      if (kept.length >= mostPods) break;
    }
  } catch (error) {
    if (!isKubernetesError(error, "FORBIDDEN")) throw error;
    throw refusedRight({ words: "see Pods", right: "list pods", where: `in namespace ${namespace}` });
  }
  return kept.slice(0, mostPods);
}
