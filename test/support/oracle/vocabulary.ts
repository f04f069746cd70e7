import fc from "fast-check";

/**
 * The words that nodes and Pods of the oracle test are made of: few, so that they meet often. The API server takes no
 * label value with a sign, so the odd numbers are a leading zero, the bounds of 64 bits, and text.
 */
export const labelVocabulary: Readonly<Record<string, readonly string[]>> = {
  "example.com/zone": ["a", "b", "c"],
  "example.com/disk": ["ssd", "hdd", ""],
  "example.com/cores": ["2", "8", "16", "064", "x16", "9223372036854775807", "9223372036854775808"],
  // Every JavaScript object has this one.
  constructor: ["1"],
};

/** No node has it. */
export const nowhere = "nowhere";

/** Which of the seed's sets of taints a node has. */
export const guardLabel = "example.com/guard";
export const guardCount = 12;

/** Marks nodes that the scheduler avoids just now, and that our rules keep as candidates (src/placement/taints.ts). */
export const stateLabel = "example.com/state";
export const states = ["cordoned", "not-ready", "leaving"] as const;
/** Their rows: two of each state, of which the later one recovers. None of them has other taints. */
export const transientRows: readonly number[] = [15, 31, 47, 63, 79, 95];
export const leaving = "ToBeDeletedByClusterAutoscaler";

export const runtime = "example.com/runtime";
export const runtimes = ["kata", "gvisor"] as const;

export const taintKeys = ["dedicated", "spot", "level"] as const;
export const taintValues = ["db", "gpu", "5", ""] as const;
export const effects = ["NoSchedule", "NoExecute", "PreferNoSchedule"] as const;

/** Extended resources that device plugins offer, with the amounts of nodes. */
export const resources: Readonly<Record<string, readonly string[]>> = {
  "nvidia.com/gpu": ["1", "2", "8"],
  "example.com/nic": ["0", "4"],
  "example.com/fpga": ["16", "1k", "1Ki"],
};

export const driverName = "devices.example.com";
/** The extended resource that a DeviceClass serves; a few nodes have a device plugin for it as well. */
export const servedResource = "example.com/accelerator";
/** A second class; its devices can be asked for by its implicit name only. */
export const modelClass = "model-a.example.com";
export const deviceModels = ["a", "b"] as const;

export const nodes = 100;

export function nodeName(row: number): string {
  return `oracle-${row}`;
}

export const nodeRow = fc.integer({ min: 0, max: nodes - 1 });
/** The name of a node, now and then of none. */
export const anyNodeName = fc.oneof(
  { weight: 9, arbitrary: nodeRow.map(nodeName) },
  { weight: 1, arbitrary: fc.constant(nowhere) },
);

/** As often as this, out of 100, else undefined. */
export function sometimes<T>(percent: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
}

/** A record of what these give, without the keys for which they give undefined. */
export function fields<T>(
  arbitraries: Readonly<Record<string, fc.Arbitrary<T | undefined>>>,
): fc.Arbitrary<Record<string, T>> {
  return fc.record(arbitraries).map((all) => {
    const kept: Record<string, T> = {};
    for (const [key, value] of Object.entries(all)) if (value !== undefined) kept[key] = value;
    return kept;
  });
}
