import fc from "fast-check";
import type { Toleration } from "../../../src/api/taints.ts";
import { effects, leaving, taintKeys, taintValues } from "./vocabulary.ts";

/** The taints of nodes that the scheduler avoids for now. */
const transientKey = fc.constantFrom("node.kubernetes.io/unschedulable", "node.kubernetes.io/not-ready", leaving);
const key = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...taintKeys) }, { weight: 1, arbitrary: transientKey });
const value = fc.constantFrom(...taintValues);
const effect = fc.constantFrom(...effects);
const exists = fc.constant("Exists");
/** Longer than the test lasts, or the Pod would be deleted. The API server takes it with NoExecute only. */
const seconds = fc.record({ effect: fc.constant("NoExecute"), tolerationSeconds: fc.constant(3600) });

/**
 * Every shape that the API server takes: without a key (with `Exists` alone), and without operator, value or effect.
 * `Lt` and `Gt` are refused while the gate TaintTolerationComparisonOperators is off, as in 1.37 by default.
 */
export const toleration: fc.Arbitrary<Toleration> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ operator: exists, effect }, { requiredKeys: ["operator"] }) },
  { weight: 4, arbitrary: fc.record({ key, operator: exists, effect }, { requiredKeys: ["key", "operator"] }) },
  {
    weight: 6,
    arbitrary: fc.record({ key, operator: fc.constant("Equal"), value, effect }, { requiredKeys: ["key"] }),
  },
  { weight: 1, arbitrary: fc.tuple(key, seconds).map(([each, rest]) => ({ key: each, operator: "Exists", ...rest })) },
);

export const transientToleration: fc.Arbitrary<Toleration> = fc.record({ key: transientKey, operator: exists });
