import type { MachineTypeStatus } from "../../../api/machine-type.ts";
import { computeStatus } from "../../../api/status.ts";
import { contradictedPlatform } from "../../../hardware/nodes/node.ts";
import type { MachineTypeEntry } from "../../../inventory/snapshot.ts";
import type { MachineTypeView } from "../../contract/machine-types.ts";
import type { StoredMachineType } from "../machine-types/stored.ts";
import { machineTypeView } from "../machine-types/view.ts";
import { activeCredentials, type FolderContent } from "./content.ts";

const statuses = new WeakMap<MachineTypeEntry, MachineTypeStatus>();

/** A machine type of a folder as people see it. No controller writes a status there: it is as one would. */
export function folderTypeView(stored: StoredMachineType, content: FolderContent, now: Date): MachineTypeView {
  const entry = content.snapshot.machineTypes.get(stored.name);
  const status = entry === undefined ? stored.status : statusOf(entry, now);
  return machineTypeView(
    { ...stored, status },
    { entry, credentials: activeCredentials(content, now).get(stored.name) ?? 0 },
  );
}

function statusOf(entry: MachineTypeEntry, now: Date): MachineTypeStatus {
  const known = statuses.get(entry);
  if (known !== undefined) return known;
  const { resource: machineType, overlaps, template } = entry;
  const nodes = entry.nodes.map(({ facts, profile }) => {
    const contradiction = contradictedPlatform(facts, machineType.spec.platform);
    return { name: facts.name, profile, ...(contradiction === undefined ? {} : { contradiction }) };
  });
  const made = computeStatus({ machineType, nodes, overlaps, template, now });
  statuses.set(entry, made);
  return made;
}
