import { type MachineType, type MachineTypeSpec, metahubApiVersion } from "../../src/api/machine-type.ts";
import type { NodeFacts } from "../../src/api/node.ts";

/** A Linux node on amd64. */
export function facts(name: string, labels: Readonly<Record<string, string>> = {}): NodeFacts {
  return {
    name,
    uid: `uid-${name}`,
    labels,
    taints: [],
    allocatable: {},
    operatingSystem: "linux",
    architecture: "amd64",
    kernelVersion: "",
    osImage: "",
  };
}

/** A machine type of the nodes with these labels. */
export function machineType(
  name: string,
  matchLabels: Readonly<Record<string, string>>,
  more: Partial<MachineTypeSpec> = {},
  generation = 1,
): MachineType {
  return {
    apiVersion: metahubApiVersion,
    kind: "MachineType",
    metadata: { name, uid: `uid-${name}`, generation },
    spec: { nodeSelector: { matchLabels }, ...more },
  };
}

/** The same objects as the API server sends them. */
export const nodeObject = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, uid: `uid-${name}`, labels },
  status: { nodeInfo: { operatingSystem: "linux", architecture: "amd64" } },
});
