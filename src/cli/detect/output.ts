/** The forms in which `metahub detect` prints. */
export const detectOutputs = ["features", "json", "machinetype", "labels"] as const;

export type DetectOutput = (typeof detectOutputs)[number];
