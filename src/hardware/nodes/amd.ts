import { quote } from "../error.ts";
import { amdTarget } from "./amd-targets.ts";
import { amd, amdBeta, labelValue, type NodeLabels } from "./labels.ts";
import { type Statement, statement } from "./statement.ts";

/**
 * AMD's node labeller (ROCm/k8s-device-plugin, cmd/k8s-node-labeller). It counts per value, with the value in the key
 * (`beta.amd.com/gpu.device-id.74a1=8`); a node whose GPUs are all alike carries `amd.com/gpu.device-id=74a1` too. No
 * label names the target, so it comes from the device id, without xnack and sramecc: these stay unknown.
 */
export function amdLabels(node: NodeLabels): Statement {
  const ids = valuesOf(node, "device-id");
  const unknown = ids.filter((id) => amdTarget(id) === undefined);
  const targets = new Set(ids.map((id) => `gfx:${amdTarget(id)}`));
  const drivers = valuesOf(node, "driver-version").map((version) => `amddriver:${version}`);
  // GPUs of several kinds: all their targets are offered, and an image must run on each.
  return unknown.length === 0
    ? statement("amd", [...targets, ...drivers])
    : statement("amd", drivers, [
        `gfx is not offered: the target of amd.com/gpu.device-id ${unknown.slice(0, maxNamed).map(quote).join(", ")} is not known; declare gfx in the machine type.`,
      ]);
}

/** Ids that a note names at most: a node has two kinds of GPUs, rarely three. */
const maxNamed = 4;

/** The distinct values of a property, from both spellings; those counted 0 are gone. */
function valuesOf(node: NodeLabels, property: string): readonly string[] {
  const values = new Set<string>();
  for (const key of Object.keys(node.labels)) {
    for (const prefix of [amdBeta, amd]) {
      const counted = `${prefix}${property}.`;
      if (key.startsWith(counted) && labelValue(node.labels, key) !== "0") {
        values.add(key.slice(counted.length));
      }
    }
  }
  for (const prefix of [amdBeta, amd]) {
    const value = labelValue(node.labels, prefix + property);
    if (value !== undefined && value !== "") {
      values.add(value);
    }
  }
  return [...values].sort();
}
