import { LRUCache } from "lru-cache";
import type { Candidate } from "./candidate.ts";
import { type Carried, Partition, type Reading } from "./partition.ts";
import { lastingTaints } from "./taints.ts";

/** Label keys and resources that are kept grouped: far more than any cluster's Pods ask about, 20 kB each at 5,000 nodes. */
const mostPartitions = 256;

const labelPartition = "label ";
const resourcePartition = "resource ";
const taintsPartition = "taints";
const namePartition = "name";
const offerPartition = "offer";

/** The candidates and their partitions, each made when a Pod first asks about it. */
export class Groupings {
  readonly candidates: readonly Candidate[];
  /** The numbers of all candidates, ascending. Not to be written to. */
  readonly rows: Uint32Array;
  readonly #transientTaints: ReadonlySet<string> | undefined;
  readonly #partitions = new LRUCache<string, Partition>({ max: mostPartitions });

  constructor(candidates: readonly Candidate[], transientTaints?: ReadonlySet<string>) {
    this.candidates = candidates;
    this.rows = new Uint32Array(candidates.length).map((_, row) => row);
    this.#transientTaints = transientTaints;
  }

  /** The same partitions over another list of candidates, of which only the new ones are read. */
  carry(candidates: readonly Candidate[], carried: Carried, transientTaints?: ReadonlySet<string>): Groupings {
    const next = new Groupings(candidates, transientTaints);
    // From the least to the most recently used, so that the order of use is kept.
    for (const name of [...this.#partitions.rkeys()]) {
      if (name === taintsPartition && transientTaints !== this.#transientTaints) continue;
      const partition = this.#partitions.peek(name)?.carry(candidates, carried, next.#reading(name));
      if (partition !== undefined) next.#partitions.set(name, partition);
    }
    return next;
  }

  byLabel(key: string): Partition {
    return this.#by(labelPartition + key);
  }

  /** By the quantity as the node spells it. */
  byResource(resource: string): Partition {
    return this.#by(resourcePartition + resource);
  }

  byTaints(): Partition {
    return this.#by(taintsPartition);
  }

  /** By node name; templates, whose nodes have no names yet, together under the empty name. */
  byName(): Partition {
    return this.#by(namePartition);
  }

  /** By what a placement reports: profile, machine type, and whether the node exists. */
  byOffer(): Partition {
    return this.#by(offerPartition);
  }

  #by(name: string): Partition {
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      partition = Partition.of(this.candidates, this.#reading(name));
      this.#partitions.set(name, partition);
    }
    return partition;
  }

  #reading(name: string): Reading {
    if (name.startsWith(labelPartition)) return own("labels", name.slice(labelPartition.length));
    if (name.startsWith(resourcePartition)) return own("allocatable", name.slice(resourcePartition.length));
    if (name === taintsPartition) return (candidate) => taintsKey(candidate, this.#transientTaints);
    if (name === namePartition) return nodeName;
    return ({ kind, profile, machineType }) => `${kind} ${profile.id} ${machineType ?? ""}`;
  }
}

export function nodeName(candidate: Candidate): string {
  return candidate.kind === "node" ? candidate.name : "";
}

/** Own properties: nothing that objects inherit is a string or a number, and one look-up is half the cost of two. */
function own(field: "labels" | "allocatable", key: string): Reading {
  return (candidate) => {
    const value: unknown = candidate[field][key];
    if (typeof value === "string") return value;
    return typeof value === "number" ? String(value) : undefined;
  };
}

function taintsKey({ taints }: Candidate, transientTaints: ReadonlySet<string> | undefined): string | undefined {
  const lasting = lastingTaints(taints, transientTaints);
  if (lasting.length === 0) return undefined;
  return lasting
    .map(({ key, value = "", effect }) => `${key}=${value}:${effect}`)
    .sort()
    .join(",");
}
