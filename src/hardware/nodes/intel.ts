import { gaudi, intel, type NodeLabels } from "./labels.ts";
import { type Statement, statement } from "./statement.ts";

/**
 * Intel's device plugins label GPUs by product and PCI id (intel-device-plugins-for-kubernetes, cmd/gpu_plugin/
 * labels.md). No order of Intel GPU targets is agreed upon, so none of it becomes a feature by itself: who builds for
 * one product names its label in `featureLabels`, under a namespace of their own, and gets equality. The same holds for
 * Gaudi, of which Intel's rules for Node Feature Discovery say that it is there, and not of which generation
 * (intel/intel-resource-drivers-for-kubernetes, deployments/gaudi).
 */
export function intelLabels(node: NodeLabels): Statement {
  const keys = Object.keys(node.labels);
  const has = keys.some((key) => key === `${intel}product` || key.startsWith(`${intel}device-id.`));
  const notes = has ? [noteOn("GPU")] : [];
  return statement("intel", [], keys.includes(gaudi) ? [...notes, noteOn("Gaudi")] : notes);
}

function noteOn(what: string): string {
  return `Intel ${what} labels carry no feature by themselves: name one in the machine type's featureLabels.`;
}
