/**
 * Checks of the pages that need no reader: every room says what it is for, every link leads somewhere, every decision
 * record has its parts and is listed, the picture of the rooms is current. `npm run check` runs it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findPages } from "./pages/find.ts";
import { brokenLinks } from "./pages/links.ts";
import { recordFaults } from "./pages/records.ts";
import { roomsWithoutReadme } from "./pages/rooms.ts";
import { architecturePage, renderArchitecture } from "./rooms/architecture.ts";

const root = join(import.meta.dirname, "..");
const faults = [...roomsWithoutReadme(root), ...brokenLinks(root, findPages(root)), ...recordFaults(root)];
if (readFileSync(join(root, architecturePage), "utf8") !== renderArchitecture(root)) {
  faults.push(`${architecturePage}: the rooms are not those of the code: run \`node scripts/draw-rooms.ts\``);
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
