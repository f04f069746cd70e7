import type { Profile } from "../hardware/profile.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import { UsageError } from "../process/failure.ts";

/** One row of an answer: a node, or a machine type with all of its nodes. */
export interface Machine {
  readonly kind: "MachineType" | "Node";
  readonly name: string;
  /** Its offers: one for a node; for a machine type those of its nodes, each once, or that of new nodes. */
  readonly profiles: readonly Profile[];
}

/** Which machines are meant, by name; both empty for all of them. */
export interface MachineNames {
  readonly nodes: readonly string[];
  readonly machineTypes: readonly string[];
}

/** More names than these help nobody who misspelled one. */
const maxNames = 8;

/**
 * Every machine type and every node of a snapshot, or those named. `source` says in messages where they were looked
 * for.
 * @throws UsageError for a name that is not there, and where there is no machine at all
 */
export function machinesOf(
  snapshot: Pick<Snapshot, "nodes" | "machineTypes">,
  { nodes, machineTypes }: MachineNames,
  source: string,
): readonly Machine[] {
  const types = [...snapshot.machineTypes.values()].map((entry): Machine => {
    const profiles = new Set(entry.nodes.map(({ profile }) => profile));
    return {
      kind: "MachineType",
      name: entry.resource.metadata.name,
      profiles: profiles.size === 0 ? [entry.template] : [...profiles],
    };
  });
  const all = [...snapshot.nodes.values()].map(
    ({ facts, profile }): Machine => ({ kind: "Node", name: facts.name, profiles: [profile] }),
  );
  if (types.length + all.length === 0) {
    throw new UsageError(
      `${source}: no Node and no MachineType is there, so there is no machine to choose a build for`,
    );
  }
  if (nodes.length + machineTypes.length === 0) return [...types, ...all];
  return [...named(types, machineTypes, "machine type", source), ...named(all, nodes, "node", source)];
}

function named(all: readonly Machine[], names: readonly string[], what: string, source: string): readonly Machine[] {
  const known = new Map(all.map((machine) => [machine.name, machine]));
  return [...new Set(names)].map((name) => {
    const machine = known.get(name);
    if (machine !== undefined) return machine;
    const there = [...known.keys()];
    const more = there.length > maxNames ? `, … (${there.length})` : "";
    const list = there.length === 0 ? "there is none" : `there is ${there.slice(0, maxNames).join(", ")}${more}`;
    throw new UsageError(`no ${what} ${JSON.stringify(name)} in ${source}: ${list}`);
  });
}
