// What `npm test --` takes. Plain JavaScript without dependencies, as run.mjs: it is read before anything is installed.
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

export const testHelp = `npm test                 everything: unit tests, and integration tests on real clusters
npm test -- --unit       unit tests only: no cluster, under two minutes
npm test -- PATTERN...   the test files whose path contains a PATTERN, e.g. "npm test -- registry/auth"
npm test -- -t TEXT      the tests whose name contains TEXT
npm run test:bare        the same on a machine without the packages and shells that some tests need
npm run test:full        everything, with 100,000 generated cases, and a failure where this machine cannot run real nodes

Other options are vitest's. What tests run is fetched or built before the first of them, the first time in about ten
minutes, and kept in ~/.cache/metahub (METAHUB_CACHE_DIR). Tests that this machine cannot run are skipped, and the end
of the run says what brings them.
METAHUB_TEST_NO_SKIP=1   a skipped test is a failure
METAHUB_TEST_REQUIRE=L   no cluster of level L (api, nodes) is a failure
METAHUB_FUZZ_RUNS=N      so many broken inputs of each kind (2,000; 50,000 in test:full), METAHUB_FUZZ_SEED=N others`;

export const testFullSays =
  "metahub: all that npm test runs, level nodes is required; 50,000 broken inputs of each kind, and 100,000 cases for each\n" +
  "metahub: comparison with other projects' code; current clients of registries, in a box that is made once (650 MB, with\n" +
  "metahub: mmdebstrap); a blob of 10 GB. Scenarios on clusters of kind, and soaks, will be here too.";

/** Options of vitest that are followed by their value. */
const valued = new Set(["-t", "--testNamePattern", "--project", "--reporter", "--exclude"]);

/** Paths of the test files, relative to the checkout, with `/`. */
export function testFiles(root) {
  return ["src", "test", "scripts"].flatMap((folder) => below(join(root, folder)).map((path) => relative(root, path)));
}

/** @returns {string[]} */
function below(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return below(path);
    return entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

/**
 * @param {readonly string[]} args
 * @param {readonly string[]} files
 * @returns {{ help?: boolean, wrong?: string, vitest?: string[] }} vitest's arguments; or why there are none.
 */
export function readTestArguments(args, files) {
  if (args.includes("--help") || args.includes("-h")) return { help: true };
  const vitest = args.flatMap((arg) => (arg === "--unit" ? ["--project", "unit"] : [arg]));
  const patterns = vitest.filter((arg, index) => !arg.startsWith("-") && !valued.has(vitest[index - 1]));
  const unmatched = patterns.find((pattern) => !files.some((file) => file.includes(pattern.replace(/^\.\//, ""))));
  if (unmatched !== undefined) return { wrong: `no test file has "${unmatched}" in its path; see npm test -- --help` };
  return { vitest };
}
