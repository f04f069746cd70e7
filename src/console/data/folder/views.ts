import type { MachineTypeView } from "../../contract/machine-types.ts";
import type { StoredMachineType } from "../machine-types/stored.ts";
import { machineTypeView } from "../machine-types/view.ts";
import { activeCredentials, type FolderContent } from "./content.ts";

/** A machine type of a folder as people see it. */
export function folderTypeView(stored: StoredMachineType, content: FolderContent, now: Date): MachineTypeView {
  return machineTypeView(stored, {
    entry: content.snapshot.machineTypes.get(stored.name),
    credentials: activeCredentials(content, now).get(stored.name) ?? 0,
  });
}
