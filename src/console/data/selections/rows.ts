import type { Rewrite } from "../../../api/pod-options.ts";
import type { NodeEntry } from "../../../inventory/snapshot.ts";
import { isDigest } from "../../../oci/digest.ts";
import type { SelectionQuery } from "../../backend.ts";
import type { SelectionView } from "../../contract/views.ts";
import { type PageOf, pageOf } from "../paging.ts";
import type { KeptImage, KeptPod } from "./kept-pod.ts";
import { RowOrder, type SelectionGround } from "./order.ts";
import { stateOf } from "./state.ts";

/** Characters of an image or a name that are shown; a reference has a quarter of it. */
const mostText = 1_024;

/** Orders that are held, one for each kind of rights: there are four, and two are common. */
const mostOrders = 2;

/** The selections of Pods as people see them. */
export class SelectionRows {
  /** By the rights that they are for, the last used at the end. */
  readonly #orders = new Map<string, RowOrder>();

  /** @param version names all of the Pods and their ground; undefined for Pods that nobody follows */
  page(
    pods: Iterable<KeptPod>,
    ground: SelectionGround,
    query: SelectionQuery,
    version?: string,
  ): PageOf<SelectionView> {
    const rows = this.#order(ground, version).sorted(pods, ground, version);
    const fitting = isFiltered(query) ? rows.filter(({ view }) => fits(view, query)) : rows;
    const { items, ...page } = pageOf(fitting, ({ key }) => key, query);
    return { ...page, items: items.map(({ view }) => view) };
  }

  #order({ snapshot, namespaces }: SelectionGround, version: string | undefined): RowOrder {
    if (version === undefined) return new RowOrder(rowsOf);
    const rights = `${snapshot !== undefined} ${namespaces !== undefined}`;
    const order = this.#orders.get(rights) ?? new RowOrder(rowsOf);
    this.#orders.delete(rights);
    this.#orders.set(rights, order);
    const [oldest] = this.#orders.keys();
    if (this.#orders.size > mostOrders && oldest !== undefined) this.#orders.delete(oldest);
    return order;
  }

  /** Images that were chosen of Pods on these nodes, a Pod counting once. */
  chosenOn(pods: Iterable<KeptPod>, nodes: ReadonlySet<string>): number {
    let count = 0;
    for (const { node, images } of pods) {
      if (node !== undefined && nodes.has(node) && images.some(({ note }) => note?.variant !== undefined)) count += 1;
    }
    return count;
  }
}

function rowsOf(pod: KeptPod, entry: NodeEntry | undefined, rewrite: Rewrite | undefined): readonly SelectionView[] {
  return pod.images.flatMap((image) => rowOf(pod, image, entry, rewrite) ?? []);
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

function isFiltered({ namespace, node, image, state }: SelectionQuery): boolean {
  return [namespace, node, image, state].some((given) => given !== undefined);
}

function fits(row: SelectionView, { namespace, node, image, state }: SelectionQuery): boolean {
  return (
    (namespace === undefined || row.namespace === namespace) &&
    (node === undefined || row.node === node) &&
    (state === undefined || row.state === state) &&
    (image === undefined || row.image.includes(image) || row.asked.includes(image))
  );
}
