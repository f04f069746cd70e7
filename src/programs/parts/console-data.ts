import { openClusterData } from "../../console/data/cluster/cluster.ts";
import { openFolderData } from "../../console/data/folder/folder.ts";
import type { DataDoors } from "./console-place.ts";

/** The data of the program, as opposed to those of tests. */
export const dataDoors: DataDoors = { folder: openFolderData, cluster: openClusterData };
