import { openFolderData } from "../../console/data/folder/folder.ts";
import type { DataDoors } from "./console-place.ts";

/** The data of the program, as opposed to those of tests. */
export const dataDoors: Pick<DataDoors, "folder"> = { folder: openFolderData };
