import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { questionOf } from "../rooms/readme.ts";
import type { Rooms } from "../rooms/table.ts";

/** One sentence for each folder of src/ that does not say what it is for, or of which the table knows nothing. */
export function roomFaults(root: string, table: Rooms): readonly string[] {
  const rooms = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unknown = rooms.filter(({ name }) => !table.has(name));
  return [
    ...unknown.map(({ name }) => `src/${name}: .dependency-cruiser.cjs has no row that says what it may import`),
    ...withoutReadme(
      root,
      rooms.map(({ name }) => name),
    ),
  ];
}

function withoutReadme(root: string, rooms: readonly string[]): readonly string[] {
  return rooms.flatMap((name) => {
    const readme = join(root, "src", name, "README.md");
    if (!existsSync(readme))
      return [`src/${name}: a room needs a README.md: its question, its doors, what it never does`];
    if (questionOf(readFileSync(readme, "utf8")) !== undefined) return [];
    return [
      `src/${name}/README.md: the paragraph under the title is the room's question, and ends with a question mark`,
    ];
  });
}
