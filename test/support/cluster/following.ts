import { makeInformer } from "@kubernetes/client-node";
import type { MachineType } from "../../../src/api/machine-type.ts";
import { parseMachineType } from "../../../src/api/parse-machine-type.ts";
import type { Stage } from "./stage.ts";
import { machineTypes } from "./witness.ts";

/** A change of a machine type, as a watch of the test's saw it. */
export interface Seen {
  /** performance.now() when it arrived. */
  readonly at: number;
  readonly machineType: MachineType;
}

export interface Following {
  /** Everything since the beginning, in order. */
  readonly seen: readonly Seen[];
  /**
   * The first change after the `from`th that fits; also where it has arrived already.
   * @throws what the watch failed with
   */
  until(fits: (machineType: MachineType) => boolean, from?: number): Promise<Seen>;
  /** How often the status of a machine type was written. */
  writes(name: string): number;
  close(): Promise<void>;
}

/** Watches the machine types from now on. */
export async function followMachineTypes({ witness }: Stage): Promise<Following> {
  const { group, version, plural } = machineTypes;
  const list = () => witness.custom.listClusterCustomObject(machineTypes);
  const informer = makeInformer(witness.config, `/apis/${group}/${version}/${plural}`, list);
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  let failure: { readonly error: unknown } | undefined;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  informer.on("update", (object) => {
    seen.push({ at: performance.now(), machineType: parseMachineType(object) });
    wake();
  });
  informer.on("error", (error) => {
    failure = { error };
    wake();
  });
  await informer.start();
  return {
    seen,
    until: (fits, from = 0) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = seen.slice(from).find(({ machineType }) => fits(machineType));
          if (found === undefined && failure === undefined) return;
          waiting.delete(look);
          if (found === undefined) reject(failure?.error);
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
    writes: (name) => seen.filter(({ machineType }) => machineType.metadata.name === name).length,
    close: () => informer.stop(),
  };
}
