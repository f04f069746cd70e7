/**
 * Writes crds/ from the rules in src/api, so that the API server and the offline commands refuse the same things in the
 * same words. `node scripts/generate-crds.ts` writes, `--check` compares and exits 1 where they differ.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { GROUP } from "../src/api/machinetype.ts";
import { machineType } from "./crds/machinetype.ts";

/** File name in crds/ → text. */
export function renderCrds(): ReadonlyMap<string, string> {
  const head = "# Made by scripts/generate-crds.ts from src/api/rules.ts; do not edit.\n";
  const yaml = (crd: unknown) => head + stringify(crd, { aliasDuplicateObjects: false, lineWidth: 0 });
  return new Map([[`${GROUP}_machinetypes.yaml`, yaml(machineType)]]);
}

function main(check: boolean): void {
  const folder = new URL("../crds/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of renderCrds()) {
    const file = new URL(name, folder);
    if (!check) writeFileSync(file, text);
    else if (readFileSync(file, "utf8") !== text) {
      console.error(`crds/${name} is not what scripts/generate-crds.ts makes: run node scripts/generate-crds.ts`);
      process.exitCode = 1;
    }
  }
}

if (import.meta.main) main(process.argv.includes("--check"));
