import fc from "fast-check";
import type { Taint } from "../../../src/api/node.ts";
import type { NodeSpec } from "../../cluster/cluster.ts";
import { draw } from "./seed.ts";
import {
  deviceModels,
  effects,
  fields,
  guardCount,
  guardLabel,
  labelVocabulary,
  leaving,
  nodeName,
  nodeRow,
  nodes,
  resources,
  runtime,
  runtimes,
  servedResource,
  sometimes,
  stateLabel,
  states,
  taintKeys,
  taintValues,
  transientRows,
} from "./vocabulary.ts";

/** A node of the oracle's cluster. */
export interface OracleNode {
  readonly spec: NodeSpec;
  /** Whether the scheduler avoids it just now: it is cordoned, not ready, or about to be removed. */
  readonly transient?: "stays" | "recovers";
}

const taint: fc.Arbitrary<Taint> = fc
  .record({
    key: fc.constantFrom(...taintKeys),
    value: fc.constantFrom(...taintValues),
    effect: fc.constantFrom(...effects),
  })
  .map(({ value, ...rest }) => (value === "" ? rest : { ...rest, value }));

/** The API server takes each pair of key and effect once. */
const guard = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(taint) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(taint, {
      selector: ({ key, effect }) => `${key} ${effect}`,
      minLength: 2,
      maxLength: 3,
    }),
  },
);

const labels = fields({
  ...Object.fromEntries(
    Object.entries(labelVocabulary).map(([key, values]) => [key, sometimes(80, fc.constantFrom(...values))] as const),
  ),
  [runtime]: sometimes(50, fc.constantFrom(...runtimes)),
});

const allocatable = fields({
  ...Object.fromEntries(
    Object.entries(resources).map(([name, amounts]) => [name, sometimes(35, fc.constantFrom(...amounts))] as const),
  ),
  [servedResource]: sometimes(8, fc.constant("2")),
});

/** Half of all nodes are open to every Pod; each guard and each state has nodes whatever the seed says. */
export function nodesOf(seed: number): readonly OracleNode[] {
  const guards = draw(seed, "taints", guardCount, guard);
  const drawn = draw(seed, "nodes", nodes, fc.record({ labels, allocatable }));
  return drawn.map((own, row): OracleNode => {
    const { state, transient } = stateOf(row);
    const guarded = row % 2 === 0 ? ((row / 2) % guardCount).toString() : undefined;
    const taints = guarded === undefined ? [] : (guards[Number(guarded)] ?? []);
    return {
      ...(transient !== undefined && { transient }),
      spec: {
        name: nodeName(row),
        labels: {
          ...own.labels,
          ...(guarded === undefined ? {} : { [guardLabel]: guarded }),
          ...(state === undefined ? {} : { [stateLabel]: state }),
          // Gives each node a profile of its own.
          "metahub.dev/feature.oracle": `only-${row}`,
        },
        taints: state === "leaving" ? [...taints, { key: leaving, effect: "NoSchedule" }] : taints,
        // Free cpu, memory and places are never what a Pod lacks.
        allocatable: { cpu: "1000", memory: "8Ti", pods: "2000", ...own.allocatable },
        unschedulable: state === "cordoned",
        ready: state !== "not-ready",
      },
    };
  });
}

/** Why the scheduler avoids the node of a row just now, and whether that ends; nothing for most. */
function stateOf(row: number): {
  readonly state?: (typeof states)[number] | undefined;
  readonly transient?: OracleNode["transient"];
} {
  const turn = transientRows.indexOf(row);
  if (turn < 0) return {};
  return { state: states[turn % states.length], transient: turn < states.length ? "stays" : "recovers" };
}

/** The nodes that have devices for DRA, with the model of each device. */
export function devicesOf(seed: number): ReadonlyMap<string, readonly string[]> {
  const models = fc.array(fc.constantFrom(...deviceModels), { minLength: 2, maxLength: 6 });
  const some = fc.uniqueArray(fc.tuple(nodeRow, models), { selector: ([row]) => row, minLength: 25, maxLength: 30 });
  const [drawn = []] = draw(seed, "devices", 1, some);
  return new Map(drawn.map(([row, each]) => [nodeName(row), each]));
}
