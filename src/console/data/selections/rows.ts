import type { Rewrite } from "../../../api/pod-options.ts";
import type { NodeEntry, Snapshot } from "../../../inventory/snapshot.ts";
import { isDigest } from "../../../oci/digest.ts";
import type { SelectionQuery } from "../../backend.ts";
import type { SelectionView } from "../../contract/views.ts";
import { type PageOf, pageOf } from "../paging.ts";
import type { KeptImage, KeptPod } from "./kept-pod.ts";
import { stateOf } from "./state.ts";

/** Characters of an image or a name that are shown; a reference has a quarter of it. */
const mostText = 1_024;

/** All that a person may know of the Pods' surroundings. */
export interface SelectionGround {
  /** Undefined where the person may not read nodes. */
  readonly snapshot: Pick<Snapshot, "nodes"> | undefined;
  /** The label of each namespace; undefined where the person may not read namespaces. */
  readonly namespaces: ReadonlyMap<string, { readonly rewrite: Rewrite }> | undefined;
}

/** A row with its place in the order. */
interface Row {
  readonly key: string;
  readonly view: SelectionView;
}

/** The rows of one Pod, made again only when the Pod, its node or its namespace changed. */
interface KnownRows {
  readonly entry: NodeEntry | undefined;
  readonly rewrite: Rewrite | undefined;
  readonly rows: readonly Row[];
}

/** The selections of Pods as people see them. */
export class SelectionRows {
  readonly #known = new WeakMap<KeptPod, KnownRows>();
  /** All rows in order, as they were last. People with other rights have others. */
  #last: { readonly version: string; readonly rows: readonly Row[] } | undefined;

  /** @param version names all of the Pods and their ground; undefined for Pods that nobody follows */
  page(
    pods: Iterable<KeptPod>,
    ground: SelectionGround,
    query: SelectionQuery,
    version?: string,
  ): PageOf<SelectionView> {
    const fitting = this.#sorted(pods, ground, version).filter(({ view }) => fits(view, query));
    const { items, ...page } = pageOf(fitting, ({ key }) => key, query);
    return { ...page, items: items.map(({ view }) => view) };
  }

  #sorted(pods: Iterable<KeptPod>, ground: SelectionGround, version: string | undefined): readonly Row[] {
    if (version !== undefined && this.#last?.version === version) return this.#last.rows;
    const rows: Row[] = [];
    for (const pod of pods) rows.push(...this.#of(pod, ground));
    rows.sort((left, right) => (left.key < right.key ? -1 : 1));
    if (version !== undefined) this.#last = { version, rows };
    return rows;
  }

  /** Images that were chosen of Pods on these nodes, a Pod counting once. */
  chosenOn(pods: Iterable<KeptPod>, nodes: ReadonlySet<string>): number {
    let count = 0;
    for (const { node, images } of pods) {
      if (node !== undefined && nodes.has(node) && images.some(({ note }) => note?.variant !== undefined)) count += 1;
    }
    return count;
  }

  #of(pod: KeptPod, { snapshot, namespaces }: SelectionGround): readonly Row[] {
    const entry = pod.node === undefined ? undefined : snapshot?.nodes.get(pod.node);
    const rewrite = namespaces?.get(pod.namespace)?.rewrite;
    const known = this.#known.get(pod);
    if (known !== undefined && known.entry === entry && known.rewrite === rewrite) return known.rows;
    const views = pod.images.flatMap((image) => rowOf(pod, image, entry, rewrite) ?? []);
    const rows = views.map((view) => ({ key: `${view.namespace}/${view.pod}/${view.container}`, view }));
    this.#known.set(pod, { entry, rewrite, rows });
    return rows;
  }
}

function rowOf(
  pod: KeptPod,
  kept: KeptImage,
  entry: NodeEntry | undefined,
  namespace: Rewrite | undefined,
): SelectionView | undefined {
  const state = stateOf(pod, kept, { profile: entry?.profile, namespace });
  if (state === undefined) return undefined;
  const { container, image, note } = kept;
  const machineType = entry?.machineType ?? note?.machineType;
  const build = note?.variant !== undefined && isDigest(note.variant) ? note.variant : undefined;
  return {
    namespace: pod.namespace,
    pod: pod.name,
    container,
    asked: (note === undefined || note.asked === "" ? image : note.asked).slice(0, mostText),
    image: image.slice(0, mostText),
    ...(build === undefined ? {} : { build }),
    ...(note?.requires === undefined ? {} : { requires: note.requires }),
    reason: reasonOf(state, note?.reason),
    ...(pod.node === undefined ? {} : { node: pod.node }),
    ...(machineType === undefined ? {} : { machineType }),
    at: timeOf(note?.at) ?? pod.created,
    state,
  };
}

function reasonOf(state: SelectionView["state"], said: string | undefined): string {
  if (said !== undefined && said !== "") return said;
  return state === "missed" ? "nothing was chosen when the Pod was created: it runs what its owner wrote" : "";
}

/** Whoever wrote the note may have written anything. */
function timeOf(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? text : undefined;
}

function fits(row: SelectionView, { namespace, node, image, state }: SelectionQuery): boolean {
  return (
    (namespace === undefined || row.namespace === namespace) &&
    (node === undefined || row.node === node) &&
    (state === undefined || row.state === state) &&
    (image === undefined || row.image.includes(image) || row.asked.includes(image))
  );
}
