import type { Machine } from "../../../explaining/machine.ts";
import type { NodeEntry, Snapshot } from "../../../inventory/snapshot.ts";
import { profilesOf } from "../machine-types/view.ts";

/** Nodes that get a row of their own; in larger clusters one stands for all that are alike. */
const mostNodes = 200;
/** Rows in one answer. */
const mostRows = 500;

/** Machines, and how many there are beside them. */
export interface MatrixMachines {
  readonly machines: readonly Machine[];
  readonly leftOut: number;
}

/**
 * The machines of a snapshot that an image is explained for: every machine type, and the nodes. Where there are many,
 * one stands for each profile that its machine type does not show by itself: those without a type, and those whose type
 * has several kinds.
 */
export function machinesFor(snapshot: Pick<Snapshot, "nodes" | "machineTypes">): MatrixMachines {
  const types = [...snapshot.machineTypes.values()].map(
    ({ resource, nodes, template }): Machine => ({
      kind: "MachineType",
      name: resource.metadata.name,
      profiles: nodes.length === 0 ? [template] : [...profilesOf(nodes).keys()],
    }),
  );
  const known = [...snapshot.nodes.values()].filter((node) => !isOnlyOne(node, snapshot));
  const nodes = known.length <= mostNodes ? known : examplesOf(known, snapshot);
  const all = [
    ...types,
    ...nodes.map(({ facts, profile }): Machine => ({ kind: "Node", name: facts.name, profiles: [profile] })),
  ];
  return { machines: all.slice(0, mostRows), leftOut: Math.max(0, all.length - mostRows) };
}

/** Whether its machine type's row says all of it already. */
function isOnlyOne({ machineType }: NodeEntry, { machineTypes }: Pick<Snapshot, "machineTypes">): boolean {
  return machineType !== undefined && machineTypes.get(machineType)?.nodes.length === 1;
}

function examplesOf(all: readonly NodeEntry[], { machineTypes }: Pick<Snapshot, "machineTypes">): readonly NodeEntry[] {
  const untyped = all.filter(({ machineType }) => machineType === undefined);
  const mixed = [...machineTypes.values()].map(({ nodes }) => profilesOf(nodes)).filter(({ size }) => size > 1);
  return [profilesOf(untyped), ...mixed].flatMap((groups) => [...groups.values()].flatMap(([first]) => first ?? []));
}
