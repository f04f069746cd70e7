import { readFileSync } from "node:fs";
import { processorTime } from "../siege/memory-limit.ts";

/** Processor seconds that a server and its workers have taken. Zero where the system has no /proc. */
function taken(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + processorTime(each), 0);
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // No /proc, or it has ended.
  }
}

/** Runs something, and says which part of one processor a server took meanwhile. */
export async function withShare<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly share: number }> {
  const [cpu, began] = [taken(pid), performance.now()];
  const value = await work();
  return { value, share: (taken(pid) - cpu) / ((performance.now() - began) / 1_000) };
}
