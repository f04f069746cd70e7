import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { questionOf } from "../rooms/readme.ts";

/** One sentence for each folder of src/ that does not say what it is for. */
export function roomsWithoutReadme(root: string): readonly string[] {
  const rooms = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return rooms.flatMap(({ name }) => {
    const readme = join(root, "src", name, "README.md");
    if (!existsSync(readme))
      return [`src/${name}: a room needs a README.md: its question, its doors, what it never does`];
    if (questionOf(readFileSync(readme, "utf8")) !== undefined) return [];
    return [
      `src/${name}/README.md: the paragraph under the title is the room's question, and ends with a question mark`,
    ];
  });
}
