import type { Rewrite } from "../../../api/pod-options.ts";
import type { NodeEntry, Snapshot } from "../../../inventory/snapshot.ts";
import type { SelectionView } from "../../contract/views.ts";
import type { KeptPod } from "./kept-pod.ts";

/** All that a person may know of the Pods' surroundings. */
export interface SelectionGround {
  /** Undefined where the person may not read nodes. */
  readonly snapshot: Pick<Snapshot, "nodes"> | undefined;
  /** The label of each namespace; undefined where the person may not read namespaces. */
  readonly namespaces: ReadonlyMap<string, { readonly rewrite: Rewrite }> | undefined;
}

/** A row with its place in the order. */
export interface Row {
  readonly key: string;
  readonly view: SelectionView;
  readonly of: KnownRows;
}

/** The rows of one Pod, made again only when the Pod, its node or its namespace changed. */
interface KnownRows {
  readonly entry: NodeEntry | undefined;
  readonly rewrite: Rewrite | undefined;
  rows: readonly Row[];
  /** The last round in which they counted. */
  round: number;
}

type Make = (pod: KeptPod, entry: NodeEntry | undefined, rewrite: Rewrite | undefined) => readonly SelectionView[];

/**
 * The rows of all Pods in order. After a change those that stay are in order already: what is new is put at their end,
 * and sorting two runs costs about one comparison a row (JavaScript engines sort by merging runs).
 */
export class RowOrder {
  readonly #make: Make;
  readonly #known = new WeakMap<KeptPod, KnownRows>();
  #rows: readonly Row[] = [];
  #version: string | undefined;
  #round = 0;

  constructor(make: Make) {
    this.#make = make;
  }

  /** @param version names all of the Pods and their ground; undefined: it is not known whether they are those of before */
  sorted(pods: Iterable<KeptPod>, ground: SelectionGround, version: string | undefined): readonly Row[] {
    if (version !== undefined && this.#version === version) return this.#rows;
    const before = this.#round;
    this.#round += 1;
    const fresh: Row[] = [];
    for (const pod of pods) {
      const known = this.#of(pod, ground);
      if (known.round !== before) fresh.push(...known.rows);
      known.round = this.#round;
    }
    const rows = this.#rows.filter(({ of }) => of.round === this.#round);
    if (fresh.length > 0) rows.push(...fresh.sort(byKey));
    this.#rows = fresh.length === 0 ? rows : rows.sort(byKey);
    this.#version = version;
    return this.#rows;
  }

  #of(pod: KeptPod, { snapshot, namespaces }: SelectionGround): KnownRows {
    const entry = pod.node === undefined ? undefined : snapshot?.nodes.get(pod.node);
    const rewrite = namespaces?.get(pod.namespace)?.rewrite;
    const known = this.#known.get(pod);
    if (known !== undefined && known.entry === entry && known.rewrite === rewrite) return known;
    const made: KnownRows = { entry, rewrite, rows: [], round: -1 };
    made.rows = this.#make(pod, entry, rewrite).map((view) => ({
      key: `${view.namespace}/${view.pod}/${view.container}`,
      view,
      of: made,
    }));
    this.#known.set(pod, made);
    return made;
  }
}

function byKey(left: Row, right: Row): number {
  return left.key < right.key ? -1 : 1;
}
