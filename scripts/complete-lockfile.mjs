// Writes what package-lock.json lacks: entries for optional packages of other platforms, which an npm that cannot see
// them leaves out, so that `npm ci` refuses the file; and the integrity of every entry that has none, as the registry
// says it. Run it after `npm install`; it changes nothing where nothing lacks.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "../package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] !== undefined || lock.packages[hoisted] !== undefined) continue;
    const words = name.split(/[-/]/);
    const os = systems.filter((system) => words.includes(system));
    const cpu = processors.filter((processor) => words.includes(processor));
    if (os.length === 0 || !/^\d/.test(version)) {
      console.error(
        `${name}@${version} of ${path}: not for one platform and one version; run npm install where it can be seen`,
      );
      process.exitCode = 1;
      continue;
    }
    lock.packages[hoisted] = {
      version,
      ...(cpu.length === 0 ? {} : { cpu }),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os,
    };
    added += 1;
  }
}
let completed = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "" || entry.integrity !== undefined) continue;
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const told = execFileSync("npm", ["view", `${name}@${entry.version}`, "dist.integrity"], { encoding: "utf8" }).trim();
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(told)) {
    console.error(`${name}@${entry.version}: the registry names no integrity`);
    process.exitCode = 1;
    continue;
  }
  entry.integrity = told;
  completed += 1;
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added, ${completed} given their integrity`);
