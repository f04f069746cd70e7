import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { drawRooms, listRooms, withRooms } from "./picture.ts";
import { questionOf } from "./readme.ts";
import { checkedRooms } from "./table.ts";

export const architecturePage = "docs/architecture.md";

/** docs/architecture.md as it should be: its rooms from the table of imports, their questions from their READMEs. */
export function renderArchitecture(root: string): string {
  const rooms = checkedRooms(root);
  const questions = new Map<string, string>();
  for (const room of rooms.keys()) {
    const readme = join(root, "src", room, "README.md");
    questions.set(room, (existsSync(readme) ? questionOf(readFileSync(readme, "utf8")) : undefined) ?? "");
  }
  const page = readFileSync(join(root, architecturePage), "utf8");
  return withRooms(page, `${drawRooms(rooms)}\n\n${listRooms(rooms, questions)}`);
}
