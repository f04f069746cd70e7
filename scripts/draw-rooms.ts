/**
 * Draws the rooms of src/ into docs/architecture.md, from the table of imports and the questions in their READMEs:
 * `node scripts/draw-rooms.ts`. scripts/check-pages.ts refuses a page that is not what this would write.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { architecturePage, renderArchitecture } from "./rooms/architecture.ts";

const root = join(import.meta.dirname, "..");
writeFileSync(join(root, architecturePage), renderArchitecture(root));
