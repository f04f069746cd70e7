import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parsePod } from "../../src/api/parse-pod.ts";
import type { Pod } from "../../src/api/pod.ts";
import { type Manifest, parseManifests } from "../../src/manifests/parse.ts";

export const examplesFolder = join(import.meta.dirname, "../../examples");

export async function readExample(file: string): Promise<readonly Manifest[]> {
  return parseManifests(await readFile(join(examplesFolder, file), "utf8"), `examples/${file}`);
}

/** The Pods of examples/pods.yaml, and the one that the ReplicaSet of examples/deployment.yaml would make. */
export async function examplePods(): Promise<readonly Pod[]> {
  const pods = (await readExample("pods.yaml")).map(({ object }) => parsePod(object));
  const [deployment] = await readExample("deployment.yaml");
  const spec = deployment?.object["spec"];
  const template = typeof spec === "object" && spec !== null && "template" in spec ? spec.template : undefined;
  if (typeof template !== "object" || template === null)
    throw new Error("examples/deployment.yaml has no Pod template");
  const pod = parsePod({ apiVersion: "v1", kind: "Pod", ...template });
  return [...pods, { ...pod, metadata: { ...pod.metadata, generateName: "bench-" } }];
}
