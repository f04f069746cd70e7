/**
 * Lists doc comments of src/ that break a rule of CONTRIBUTING.md, "One handwriting": `node scripts/check-comments.ts`.
 * Fails where there is one.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentFaults } from "./comments/find.ts";

const root = join(import.meta.dirname, "..");
const files = globSync("src/**/*.{ts,tsx}", { cwd: root, exclude: ["**/*.test.ts", "**/*.generated.ts"] }).sort();
let count = 0;
for (const file of files) {
  for (const { line, rule, sentence } of commentFaults(readFileSync(join(root, file), "utf8"))) {
    count++;
    console.log(`${file}:${line}: ${rule}\n  ${sentence}`);
  }
}
console.log(`${count} sentences in ${files.length} files`);
process.exitCode = count > 0 ? 1 : 0;
