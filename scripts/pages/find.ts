import { globSync } from "node:fs";
import { sep } from "node:path";

/** Every page of the repository, from its root, sorted. */
export function findPages(root: string): readonly string[] {
  const patterns = ["*.md", ".github/**/*.md", "{docs,src,test,charts,scripts,examples}/**/*.md"];
  return globSync(patterns, { cwd: root })
    .map((path) => path.split(sep).join("/"))
    .sort();
}
