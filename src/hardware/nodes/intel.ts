import { intel, type NodeLabels } from "./labels.ts";
import { type Statement, statement } from "./statement.ts";

/**
 * Intel's device plugins label GPUs by product and PCI id (intel-device-plugins-for-kubernetes, cmd/gpu_plugin/
 * labels.md). No order of Intel GPU targets is agreed upon, so none of it becomes a feature by itself: who builds for
 * one product names its label in `featureLabels`, under a namespace of their own, and gets equality.
 */
export function intelLabels(node: NodeLabels): Statement {
  const has = Object.keys(node.labels).some((key) => key === `${intel}product` || key.startsWith(`${intel}device-id.`));
  return statement(
    "intel",
    [],
    has ? ["Intel GPU labels carry no feature by themselves: name one in the machine type's featureLabels."] : [],
  );
}
