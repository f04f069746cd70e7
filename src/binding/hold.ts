import type { SelectionNotes } from "../rewriting/notes/note.ts";

/**
 * How long after its answer a binding counts as under way, in milliseconds. The API server carries it out within
 * milliseconds, seconds where it is overloaded; a Pod whose binding failed comes again a second later or more
 * (kube-scheduler, podInitialBackoffSeconds), and then waits for what is left of this.
 */
export const heldMs = 5_000;

/** Milliseconds: the annotation tells whole seconds. */
const wholeSecond = 1_000;
/** Milliseconds that the clock of another replica may be ahead of this one's: its note would be one of the future. */
const mostAhead = 5_000;

/** More than are answered in that time. The oldest go first. */
const maxRecent = 20_000;

/**
 * Which node each Pod is being bound to, as far as this process was asked. Two schedulers bind the same Pod at once
 * where an old leader's last binding is under way while the new one binds anew, or where two have the same name. Each
 * binding is reviewed by itself, so whoever writes second would change the build under the feet of the first, whose
 * binding then goes through. So a Pod belongs to the first that asks, until that is over.
 */
export class Holds {
  readonly #now: () => number;
  readonly #underReview = new Map<string, { readonly node: string; reviews: number }>();
  /** In the order in which they end. */
  readonly #recent = new Map<string, { readonly node: string; readonly until: number }>();

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes the Pod for the node; false where it is another's. Each one that is taken must be given back. */
  take(pod: string, node: string): boolean {
    const now = this.#now();
    for (const [key, { until }] of this.#recent) {
      if (until > now) break;
      this.#recent.delete(key);
    }
    const active = this.#underReview.get(pod);
    if ((active ?? this.#recent.get(pod) ?? { node }).node !== node) return false;
    if (active === undefined) this.#underReview.set(pod, { node, reviews: 1 });
    else active.reviews++;
    return true;
  }

  /** Its review is answered. `held`: whether others must wait until the binding was carried out, or has failed. */
  giveBack(pod: string, held: boolean): void {
    const active = this.#underReview.get(pod);
    if (active === undefined) return;
    active.reviews--;
    if (active.reviews > 0) return;
    this.#underReview.delete(pod);
    this.#recent.delete(pod);
    if (!held) return;
    this.#recent.set(pod, { node: active.node, until: this.#now() + heldMs });
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > maxRecent && oldest !== undefined) this.#recent.delete(oldest);
  }
}

/**
 * The same, for bindings that another replica was asked about: their writes can be seen in the Pod, in any of its notes.
 * Those may be forged: whoever believes them waits no longer than `heldMs`, and not in a crowd.
 */
export function isHeldByNote(notes: SelectionNotes, node: string, now: Date): boolean {
  return [...notes.values()].some((note) => {
    if (note.node === undefined || note.node === node) return false;
    const age = now.getTime() - Date.parse(note.at);
    return age > -mostAhead && age < heldMs + wholeSecond;
  });
}
