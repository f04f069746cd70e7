import type { Cluster, StartOptions } from "./cluster.ts";
import type { Lack } from "./lack.ts";
import { machineState } from "./machine-state.ts";
import { requireLevel } from "./require.ts";
import { requireNodes } from "./requirements.ts";
import { startCluster } from "./start.ts";

export interface MachineNodes {
  readonly cluster: Cluster;
  /** What `machineState` said before the cluster was started. */
  readonly before: object;
}

interface Machine {
  readonly requireNodes: () => unknown;
  readonly machineState: typeof machineState;
  readonly startCluster: typeof startCluster;
}

/** A local cluster of level `nodes`, and the state in which it found the machine. A machine that lacks it is not touched. */
export async function requireMachineNodes(
  options: Omit<StartOptions, "provider" | "level">,
  env: NodeJS.ProcessEnv = process.env,
  machine: Machine = { requireNodes, machineState, startCluster },
): Promise<MachineNodes | Lack> {
  let before = {};
  const found = await requireLevel({ ...options, provider: "local", level: "nodes" }, env, async (each) => {
    machine.requireNodes();
    before = await machine.machineState(each.signal);
    return machine.startCluster(each);
  });
  return "skip" in found ? found : { ...found, before };
}
