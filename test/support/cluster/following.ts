import type { MachineType } from "../../../src/api/machine-type.ts";
import { parseMachineType } from "../../../src/api/parse-machine-type.ts";
import { machineTypeResource } from "../../../src/inventory/cluster.ts";
import type { Stage } from "./stage.ts";

/** A change of a machine type, as a watch of ours saw it. */
export interface Seen {
  /** performance.now() when it arrived. */
  readonly at: number;
  readonly machineType: MachineType;
}

export interface Following {
  /** Everything since the beginning, in order. */
  readonly seen: readonly Seen[];
  /** The first change after the `from`th that fits; also where it has arrived already. */
  until(fits: (machineType: MachineType) => boolean, from?: number): Promise<Seen>;
  /** How often the status of a machine type was written. */
  writes(name: string): number;
  close(): Promise<void>;
}

/** Watches the machine types from now on. */
export async function followMachineTypes({ client }: Stage): Promise<Following> {
  const target = { resource: machineTypeResource };
  const ended = new AbortController();
  const resourceVersion = await client.each(target, { signal: ended.signal }, () => undefined);
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  const options = { signal: ended.signal, resourceVersion, timeoutSeconds: 600, idleMs: 600_000 };
  const watching = (async () => {
    for await (const event of client.watch(target, options)) {
      if (event.type !== "modified") continue;
      seen.push({ at: performance.now(), machineType: parseMachineType(event.object) });
      for (const wake of waiting) wake();
    }
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  return {
    seen,
    until: (fits, from = 0) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = seen.slice(from).find(({ machineType }) => fits(machineType));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    writes: (name) => seen.filter(({ machineType }) => machineType.metadata.name === name).length,
    close: async () => {
      ended.abort();
      await watching;
    },
  };
}
