import { expect, test } from "vitest";
import { node } from "../../../test/support/hardware/nodes.ts";
import { intelLabels } from "./intel.ts";

test.each([
  [{ "gpu.intel.com/product": "Max_1550", "gpu.intel.com/family": "Max_Series" }, 1],
  [{ "gpu.intel.com/device-id.0300-9a49.present": "true" }, 1],
  [{ "intel.feature.node.kubernetes.io/gaudi": "true" }, 1],
  [{ "intel.feature.node.kubernetes.io/gaudi": "true", "gpu.intel.com/product": "Max_1550" }, 2],
  [{ "kubernetes.io/arch": "amd64" }, 0],
])("%j: no feature, a note where there is a GPU", (labels, notes) => {
  const said = intelLabels(node(labels));
  expect(said.features).toEqual([]);
  expect(said.notes).toHaveLength(notes);
});
