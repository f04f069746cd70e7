// Refuses a test that may be skipped without saying why. A skip that tells its reason is listed at the end of a run, with
// what would bring what was lacking; a silent one is a test that nobody misses.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unreasonedSkips } from "./skips.ts";

const root = join(import.meta.dirname, "..");
const files = ["src", "test", "scripts"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts") || (folder === "test" && name.endsWith(".ts")))
    .map((name) => join(folder, name)),
);
const problems = files.flatMap((file) =>
  unreasonedSkips(file, readFileSync(join(root, file), "utf8")).map(
    ({ line, problem }) => `${file}:${line}: ${problem}`,
  ),
);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
