/**
 * `npm run test:bare`: the tests find out by themselves what a machine lacks, and say it, instead of failing. They run
 * with a search path that hides what few machines have, and with a cache in which only what takes minutes to build is.
 *
 * It runs those files that start programs of others, because only these can stumble; all others would take ten minutes
 * more to say nothing new.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSources, missingBinaries, resolveBinaries } from "../cluster/binaries.ts";
import { controlPlane } from "../cluster/control-plane.ts";
import { createProgress } from "../cluster/progress.ts";
import { linkCache, linkPrograms } from "./bare-machine.ts";
import { bareFiles } from "./files.ts";
import { hiddenPrograms, missedByRoot, missedByUsers } from "./hidden.ts";
import { complaints } from "./verdict.ts";

const root = join(import.meta.dirname, "../..");
/** Folders of the cache whose programs Go builds in seconds: pause and printer, the registry. */
const builtAnew = [/^images-/, /^registry-/];

const base = mkdtempSync(join(tmpdir(), "metahub-bare-"));
try {
  process.exitCode = await main();
} finally {
  rmSync(base, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const sources = defaultSources();
  const progress = createProgress((line) => console.error(line));
  // Into the cache that stays.
  await resolveBinaries([...controlPlane, "kubectl", "helm"], sources, progress, new AbortController().signal);
  const path = join(base, "bin");
  const cache = join(base, "cache");
  linkPrograms(path, hiddenPrograms);
  linkCache(cache, sources.cacheDir, builtAnew);
  const { code, output } = await runTests({
    ...process.env,
    PATH: path,
    METAHUB_TEST_ADMIN_FOLDERS: "",
    METAHUB_CACHE_DIR: cache,
    METAHUB_TEST_KUBECONFIG: "",
    METAHUB_TEST_NO_SKIP: "",
    METAHUB_TEST_PROVIDER: "",
    METAHUB_TEST_REQUIRE: "",
  });
  const wrong = [
    ...complaints(output, code, process.getuid?.() === 0 ? missedByRoot : missedByUsers),
    ...missingBinaries(["registry"], { ...sources, cacheDir: cache }).map((name) => `${name} was not built anew`),
  ];
  for (const complaint of wrong) console.error(`test:bare: ${complaint}`);
  console.log(wrong.length === 0 ? "test:bare: a bare machine skips what it lacks, and says so" : "test:bare: failed");
  return wrong.length === 0 ? 0 : 1;
}

/** Runs them, shows what they print and gives it. */
async function runTests(env: NodeJS.ProcessEnv): Promise<{ readonly code: number | null; readonly output: string }> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", ...bareFiles], {
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, output };
}
