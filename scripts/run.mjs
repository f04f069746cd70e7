// Runs one of the project's tasks in a checkout where nothing was done before: installs the dependencies when they are
// absent or stale, finds a Node.js that is new enough, and starts the task on it. Plain JavaScript without
// dependencies, because it runs on whatever Node.js the machine has (18 or later).
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTestArguments, testFiles, testFullSays, testHelp } from "./test-arguments.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stampFile = join(modules, ".metahub-lock-sha256");
/** @kubernetes/client-node 2 needs undici 8, which needs this (docs/decisions/0002-node-version.md). */
const minimumNode = [22, 19];

const vitest = ["node_modules/vitest/vitest.mjs", "run"];
/** Each task is a list of commands that run side by side; a script ending in .ts runs on Node.js itself. */
const tasks = {
  build: [["scripts/build.ts"]],
  demo: [["test/demo/main.ts"]],
  test: [vitest],
  "test:bare": [["test/bare/main.ts"]],
  "test:full": [vitest],
  bench: [["test/bench/main.ts"]],
  fixtures: [["scripts/fixtures.ts"]],
  "base-images": [["scripts/base-images.ts"]],
  pictures: [["test/console/pictures.ts"]],
  check: [
    ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
    ["node_modules/typescript/bin/tsc", "-p", "."],
    ["node_modules/typescript/bin/tsc", "-p", "src/console/web"],
    ["node_modules/typescript/bin/tsc", "-p", "test/console"],
    ["node_modules/knip/bin/knip.js"],
    ["scripts/check-skips.ts"],
    [
      "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs",
      "--output-type",
      "err-long",
      "src",
      "test",
      "scripts",
    ],
    ["scripts/check-comments.ts"],
    ["scripts/check-names.ts"],
    ["scripts/check-pages.ts"],
    ["scripts/generate-notice.ts", "--check"],
  ],
};

const [task, ...args] = process.argv.slice(2);
if (task === undefined || !Object.hasOwn(tasks, task)) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(tasks).join("|")} [arguments]`);
  process.exit(2);
}
if (task === "test" || task === "test:full") {
  const asked = readTestArguments(args, testFiles(root));
  if (asked.help) console.log(testHelp);
  if (asked.wrong !== undefined) console.error(`metahub: ${asked.wrong}`);
  if (asked.vitest === undefined) process.exit(asked.help ? 0 : 2);
  args.splice(0, args.length, ...asked.vitest);
}
if (task === "test:full") {
  process.env["METAHUB_TEST_REQUIRE"] = "nodes";
  process.env["METAHUB_TEST_FULL"] = "1";
  process.env["METAHUB_FUZZ_RUNS"] ??= "50000";
  process.env["METAHUB_ORACLE_CASES"] ??= "100000";
  console.error(testFullSays);
}
await install();
const code = await runAll(tasks[task], task === "check" ? [] : args);
process.exit(code);

async function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const what = existsSync(modules) ? "package-lock.json changed: installing again" : "installing dependencies";
  console.error(`metahub: ${what} (npm ci)`);
  const ticker = setInterval(() => console.error(`metahub: npm ci, ${seconds()} s`), 10_000);
  try {
    const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    const child = spawn("npm", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output = (output + chunk).slice(0, 16_384);
      });
    }
    const code = await ended(child);
    if (code !== 0) {
      console.error(output.replace(/npm error\nnpm error (Clean install a project|Run "npm help).*/s, "").trimEnd());
      console.error("metahub: npm ci failed, for the reason above. Mend that, then run the same command again.");
      process.exit(1);
    }
  } finally {
    clearInterval(ticker);
  }
  writeFileSync(stampFile, wanted);
  console.error(`metahub: dependencies installed in ${seconds()} s`);
}

/** The Node.js that runs the task: this one where it is new enough, else the one that npm installed. */
function findNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return process.execPath;
  const installed = join(modules, ".bin", "node");
  if (existsSync(installed) && spawnSync(installed, ["--version"]).status === 0) return installed;
  console.error(
    `metahub: Node.js ${minimumNode.join(".")} or later is needed, this is ${process.versions.node}, and the npm package ` +
      "`node` did not install its binary (npm may hold install scripts back: `npm rebuild node`). " +
      "Install a newer Node.js, or run that command.",
  );
  process.exit(1);
}

async function runAll(commands, extra) {
  const node = findNode();
  const env = { ...process.env, PATH: `${dirname(node)}:${join(modules, ".bin")}:${process.env["PATH"] ?? ""}` };
  const alone = commands.length === 1;
  const children = commands.map(([script, ...rest]) => {
    const child = spawn(node, [join(root, script), ...rest, ...extra], {
      cwd: root,
      env,
      stdio: alone ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    return { name: script.split("/").pop(), child };
  });
  // The task ends its own processes; this parent only waits, so that Ctrl-C reaches the task and its clean-up is seen.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      for (const { child } of children) if (signal !== "SIGINT") child.kill(signal);
    });
  }
  const codes = await Promise.all(
    children.map(async ({ name, child }) => {
      let output = "";
      child.stdout?.on("data", (chunk) => {
        output += chunk;
      });
      child.stderr?.on("data", (chunk) => {
        output += chunk;
      });
      const code = await ended(child);
      if (!alone) console.log(`${code === 0 ? "ok  " : "FAIL"}  ${name}${code === 0 ? "" : `\n${output.trimEnd()}`}`);
      return code;
    }),
  );
  return codes.find((code) => code !== 0) ?? 0;
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}
