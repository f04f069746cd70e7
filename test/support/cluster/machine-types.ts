import { z } from "zod";
import type { MachineType } from "../../../src/api/machine-type.ts";
import { parseMachineType } from "../../../src/api/parse-machine-type.ts";
import type { Stage } from "./stage.ts";
import { machineTypes, patchAs } from "./witness.ts";

const listSchema = z.object({ items: z.array(z.unknown()) });

/** The scenario's machine types as they are now. */
async function readMachineTypes(stage: Stage): Promise<readonly MachineType[]> {
  const { items } = listSchema.parse(await stage.witness.custom.listClusterCustomObject(machineTypes));
  return items.map((item) => parseMachineType(item)).filter(({ metadata }) => /^type[1-4]$/.test(metadata.name));
}

/** How many nodes each has, by its status. */
export async function machineTypeNodes(stage: Stage): Promise<Readonly<Record<string, number>>> {
  const found = await readMachineTypes(stage);
  return Object.fromEntries(found.map(({ metadata, status }) => [metadata.name, status?.nodes ?? -1]));
}

/** Sets labels of a node; null takes one away. */
export async function relabel(
  stage: Stage,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<void> {
  await stage.witness.core.patchNode({ name, body: { metadata: { labels } } }, patchAs.merge);
}
