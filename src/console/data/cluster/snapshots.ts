import { randomBytes } from "node:crypto";
import type { NodeFacts } from "../../../api/node.ts";
import { plainContext } from "../../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../../inventory/snapshot.ts";
import type { StoredMachineType } from "../machine-types/stored.ts";

/** The shortest time between two snapshots that differ in nodes alone, ms: in a rollout thousands change one by one. */
const pauseMs = 250;

/** Objects, with a number that changes with them. */
export interface Versioned<Kept> {
  readonly store: ReadonlyMap<string, Kept>;
  readonly version: number;
  /** Whether those who listen are still to be told of a change in it. */
  readonly pending: boolean;
}

/** A snapshot, and a name for it that no other has. */
export interface NamedSnapshot {
  readonly snapshot: Snapshot;
  readonly version: string;
}

interface Made extends NamedSnapshot {
  readonly nodes: number;
  readonly types: number;
  readonly at: number;
}

/**
 * Snapshots of a cluster for people with these rights: one for all of them, made when somebody asks and something
 * changed. Without the right to see nodes there are none in it, and without that to see machine types no node has one.
 */
export class Snapshots {
  readonly #now: () => number;
  /** By what is in them. */
  readonly #made = new Map<string, Made>();
  readonly #builders = new Map<string, SnapshotBuilder>();
  /** Another process counts from one again. */
  readonly #run = randomBytes(6).toString("hex");

  /** @param now milliseconds, from any moment on */
  constructor(now: () => number) {
    this.#now = now;
  }

  of(nodes: Versioned<NodeFacts> | undefined, types: Versioned<StoredMachineType> | undefined): NamedSnapshot {
    const what = `${nodes === undefined ? "" : "nodes"} ${types === undefined ? "" : "types"}`;
    const [nodeVersion, typeVersion] = [nodes?.version ?? 0, types?.version ?? 0];
    const before = this.#made.get(what);
    const now = this.#now();
    if (before !== undefined && before.types === typeVersion) {
      // Whoever gets the one of before is told of the change that is not in it, and asks again.
      if (before.nodes === nodeVersion || (nodes?.pending === true && now - before.at < pauseMs)) return before;
    }
    const builder = this.#builders.get(what) ?? new SnapshotBuilder();
    this.#builders.set(what, builder);
    const parsed = [...(types?.store.values() ?? [])].flatMap(({ parsed: one }) => one ?? []);
    const snapshot = builder.build(nodes?.store.values() ?? [], parsed, plainContext);
    const version = `${this.#run}-${nodeVersion}-${typeVersion}`;
    const made = { snapshot, version, nodes: nodeVersion, types: typeVersion, at: now };
    this.#made.set(what, made);
    return made;
  }
}
