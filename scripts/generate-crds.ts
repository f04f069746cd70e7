/**
 * Writes crds/ and the chart's copy of it from the rules in src/api, so that the API server and the offline commands
 * refuse the same things in the same words: `node scripts/generate-crds.ts`. Tests hold all three equal.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { metahubGroup } from "../src/api/machine-type.ts";
import { machineCredential } from "./crds/machinecredential.ts";
import { machineType } from "./crds/machinetype.ts";
import { clusterManifestList, manifestList } from "./crds/manifestlist.ts";

/** Where the CRDs are written, from the repository's root. A chart cannot read files outside of its own folder. */
export const crdFolders = ["crds/", "charts/metahub/files/crds/"] as const;

/** File name → text. */
export function renderCrds(): ReadonlyMap<string, string> {
  const head = "# Made by scripts/generate-crds.ts from the rules in src/api; do not edit.\n";
  const yaml = (crd: unknown) => head + stringify(crd, { aliasDuplicateObjects: false, lineWidth: 0 });
  return new Map([
    [`${metahubGroup}_machinetypes.yaml`, yaml(machineType)],
    [`${metahubGroup}_machinecredentials.yaml`, yaml(machineCredential)],
    [`${metahubGroup}_manifestlists.yaml`, yaml(manifestList)],
    [`${metahubGroup}_clustermanifestlists.yaml`, yaml(clusterManifestList)],
  ]);
}

if (import.meta.main) {
  for (const name of crdFolders) {
    const folder = new URL(`../${name}`, import.meta.url);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of renderCrds()) writeFileSync(new URL(file, folder), text);
  }
}
