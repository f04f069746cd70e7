import { openFolderData } from "../../console/data/folder/folder.ts";
import { UsageError } from "../../process/failure.ts";
import type { DataDoors } from "./console-place.ts";

/** The data of the program, as opposed to those of tests. */
export const dataDoors: DataDoors = {
  folder: openFolderData,
  cluster: () => {
    throw new UsageError("the console shows folders so far; give --inventory DIR with --users FILE");
  },
};
