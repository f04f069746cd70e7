import { LRUCache } from "lru-cache";
import type { Pod } from "../api/pod.ts";
import type { Candidate, PlacementContext } from "./candidate.ts";
import { type Constraint, constraintOf } from "./constraint.ts";
import { evaluate } from "./evaluate.ts";
import { Groupings } from "./groupings.ts";
import type { Carried } from "./partition.ts";
import type { PlacedProfile, Placement } from "./placement.ts";
import { describePlacement } from "./reason.ts";

/** Distinct constraints that are remembered. The target is 1,000 in one cluster. */
const mostPlacements = 4096;
/** Characters of all remembered keys together, and of one: a Pod with a huge affinity is evaluated each time. */
const mostKeyCharacters = 8 * 1024 * 1024;
const longestKey = 64 * 1024;

/**
 * Where Pods can land among the nodes of one moment. Immutable to its users; what it has computed once it remembers,
 * within bounds.
 *
 * Construction only stores the list. The first Pod that asks about a label key pays one pass over the candidates for
 * it, and every new constraint one pass over small integers per requirement. `from` takes over what the previous index
 * has grouped, so that one changed node does not cost all of this again.
 */
export class PlacementIndex {
  readonly #groupings: Groupings;
  readonly #context: PlacementContext;
  readonly #placements = new LRUCache<string, Placement>({
    max: mostPlacements,
    maxSize: mostKeyCharacters,
    maxEntrySize: longestKey,
    sizeCalculation: (_placement, key) => key.length + 1,
  });

  constructor(candidates: readonly Candidate[], context: PlacementContext, groupings?: Groupings) {
    this.#context = context;
    this.#groupings = groupings ?? new Groupings(candidates, context.transientTaints);
  }

  /**
   * The index of the next moment. Candidates that are unchanged (the same name and the same `labels`, `taints`,
   * `allocatable` and `profile` objects) are not read again; where all are, and the context is the same object, the
   * answer is `previous` itself. The previous index stays valid and is not held by the new one.
   */
  static from(previous: PlacementIndex, candidates: readonly Candidate[], context: PlacementContext): PlacementIndex {
    const before = previous.#groupings.candidates;
    const carried = carriedRows(before, candidates);
    if (carried === undefined && context === previous.#context) return previous;
    const rows = carried ?? Int32Array.from(candidates.keys());
    return new PlacementIndex(
      candidates,
      context,
      previous.#groupings.carry(candidates, rows, context.transientTaints),
    );
  }

  get candidates(): readonly Candidate[] {
    return this.#groupings.candidates;
  }

  /**
   * The profiles of all candidates that the Pod's own rules allow: nodeName, nodeSelector, required node affinity,
   * extended resources, taints, RuntimeClass. A superset of the nodes that the scheduler can choose, as of this index.
   */
  place(pod: Pod): Placement {
    const constraint = constraintOf(pod, this.#context);
    const known = this.#placements.get(constraint.key);
    if (known !== undefined) return known;
    const placement = this.#decide(constraint);
    this.#placements.set(constraint.key, placement);
    return placement;
  }

  #decide(constraint: Constraint): Placement {
    const { candidates } = this.#groupings;
    const { rows, steps } = evaluate(constraint, this.#groupings, this.#context.transientTaints);
    const profiles = this.#tally(rows);
    let nodes = 0;
    let templates = 0;
    for (const placed of profiles) {
      nodes += placed.nodes;
      templates += placed.templates;
    }
    const found = { nodes, templates, profiles: profiles.length };
    return Object.freeze({
      profiles,
      nodes,
      templates,
      ...(constraint.nodeName === undefined ? {} : { nodeName: constraint.nodeName }),
      steps,
      reason: describePlacement(constraint, candidates.length, steps, found),
    });
  }

  #tally(rows: Uint32Array): readonly PlacedProfile[] {
    const { groups, size } = this.#groupings.byOffer();
    const counts = new Uint32Array(size);
    // The first candidate of each group: as rows ascend, examples do not depend on what an older index has seen.
    const examples: number[] = [];
    for (const row of rows) {
      const group = groups[row] ?? 0;
      const count = counts[group] ?? 0;
      if (count === 0) examples.push(row);
      counts[group] = count + 1;
    }
    const byProfile = new Map<string, PlacedProfile>();
    for (const row of examples) {
      const candidate = this.#groupings.candidates[row];
      if (candidate === undefined) continue;
      const { profile } = candidate;
      const count = counts[groups[row] ?? 0] ?? 0;
      byProfile.set(profile.id, join(byProfile.get(profile.id), candidate, count));
    }
    return Object.freeze([...byProfile.values()].sort(mostNodesFirst));
  }
}

function join(placed: PlacedProfile | undefined, candidate: Candidate, count: number): PlacedProfile {
  const { kind, name, profile, machineType } = candidate;
  const machineTypes = new Set(placed?.machineTypes);
  if (machineType !== undefined) machineTypes.add(machineType);
  return {
    profile,
    machineTypes: [...machineTypes].sort(),
    nodes: (placed?.nodes ?? 0) + (kind === "node" ? count : 0),
    templates: (placed?.templates ?? 0) + (kind === "template" ? count : 0),
    example:
      placed !== undefined && (placed.example.kind === "node" || kind === "template") ? placed.example : { kind, name },
  };
}

function mostNodesFirst(left: PlacedProfile, right: PlacedProfile): number {
  if (left.nodes !== right.nodes) return right.nodes - left.nodes;
  if (left.templates !== right.templates) return right.templates - left.templates;
  return left.profile.id < right.profile.id ? -1 : 1;
}

/**
 * For each new row the old row of the same unchanged candidate; undefined where the lists are the same throughout.
 * Usually one node in thousands differs, so equal heads and tails are walked, and only the middle is looked up.
 */
function carriedRows(before: readonly Candidate[], after: readonly Candidate[]): Carried | undefined {
  const shorter = Math.min(before.length, after.length);
  const shift = before.length - after.length;
  let head = 0;
  while (head < shorter && same(before[head], after[head])) head++;
  if (head === shorter && shift === 0) return undefined;
  let tail = 0;
  while (tail < shorter - head && same(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail++;

  const carried = new Int32Array(after.length).fill(-1);
  for (let row = 0; row < head; row++) carried[row] = row;
  for (let row = after.length - tail; row < after.length; row++) carried[row] = row + shift;
  const middle = rowsByName(before, head, before.length - tail);
  for (let row = head; row < after.length - tail; row++) {
    const candidate = after[row];
    const old = candidate === undefined ? undefined : middle.get(keyOf(candidate));
    if (old !== undefined && same(before[old], candidate)) carried[row] = old;
  }
  return carried;
}

/** The rows from `first` up to `end`, without it, by what they are called. */
function rowsByName(candidates: readonly Candidate[], first: number, end: number): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (let row = first; row < end; row++) {
    const candidate = candidates[row];
    if (candidate !== undefined) rows.set(keyOf(candidate), row);
  }
  return rows;
}

function keyOf({ kind, name }: Candidate): string {
  return `${kind} ${name}`;
}

function same(left: Candidate | undefined, right: Candidate | undefined): boolean {
  if (left === right) return true;
  return (
    left !== undefined &&
    right !== undefined &&
    left.name === right.name &&
    left.labels === right.labels &&
    left.taints === right.taints &&
    left.allocatable === right.allocatable &&
    left.profile === right.profile &&
    left.machineType === right.machineType &&
    left.kind === right.kind
  );
}
