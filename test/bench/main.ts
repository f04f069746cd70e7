// `npm run bench [-- NAME…]`: runs the benchmarks one after another, each in a process of its own. NAME:PART runs a part
// of one, where it has parts.
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const names = (await readdir(import.meta.dirname)).flatMap((file) => /^(.+)\.bench\.ts$/.exec(file)?.[1] ?? []).sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name.replace(/:.*/, "")));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exit(2);
}
let failed = 0;
for (const asked of wanted.length > 0 ? wanted : names) {
  const [name, ...part] = asked.split(":");
  const began = Date.now();
  console.log(`# ${asked}`);
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.bench.ts`), ...part], { stdio: "inherit" });
  const code = await new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? 1)));
  if (code !== 0) failed += 1;
  console.log(`(${((Date.now() - began) / 1000).toFixed(0)} s)\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
