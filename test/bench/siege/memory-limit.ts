import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The chart's limit (charts/metahub/values.yaml, webhook.resources.limits.memory), bytes. */
export const chartLimit = 384 * 1_048_576;

/** A control group of its own, with the chart's limit of memory. */
export interface MemoryLimit {
  /** The file into which a process writes its id. */
  readonly procs: string;
  /** To be called when its processes have ended. */
  remove(): void;
}

/** Undefined where this machine lets nobody make one: then the heap is limited as V8 would in the group. */
export function limitMemory(): MemoryLimit | undefined {
  for (const [root, file] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const) {
    const group = join(root, `metahub-siege-${process.pid}`);
    if (!existsSync(root)) continue;
    try {
      mkdirSync(group);
    } catch {
      continue; // Not writable, which is usual; the caller says how memory is limited then.
    }
    try {
      writeFileSync(join(group, file), String(chartLimit));
      return { procs: join(group, "cgroup.procs"), remove: () => rmdirSync(group) };
    } catch {
      rmdirSync(group); // The controller is not there.
    }
  }
  return undefined;
}

/** What a process takes at the moment and what it took at most, bytes; zeros once it has ended. */
export function residentOf(pid: number): { readonly now: number; readonly most: number } {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) * 1_024;
    return { now: of("VmRSS"), most: of("VmHWM") };
  } catch {
    return { now: 0, most: 0 };
  }
}

/** Processor time of a process, seconds (proc(5): utime and stime, in hundredths). */
export function processorTime(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}
