/** Checks of names: those of files and folders, and by which the environment is reached. `npm run check` runs it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentFaults } from "./names/environment.ts";
import { nameFaults } from "./names/files.ts";

const root = join(import.meta.dirname, "..");
const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
});
const paths = listed.split("\n").filter((path) => path !== "");
const program = paths.filter(
  (path) => /^src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts") && path !== "src/main.ts",
);
const faults = [
  ...nameFaults(paths),
  ...program.flatMap((path) => environmentFaults(path, readFileSync(join(root, path), "utf8"))),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
