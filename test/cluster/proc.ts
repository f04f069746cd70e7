import { listIfThere, readProc } from "./proc-file.ts";
import { identify, type ProcessIdentity } from "./process-identity.ts";

/** Processes that carry the mark of the run in `dir` in their environment. Empty where the system has no /proc. */
export function markedProcesses(dir: string): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const entry of listIfThere("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const environment = readProc(`/proc/${entry}/environ`);
    if (!environment?.split("\0").includes(`METAHUB_RUN=${dir}`)) continue;
    const identity = identify(Number(entry));
    if (identity !== undefined) found.push(identity);
  }
  return found;
}

/** The command lines of all processes, arguments parted by spaces. Empty where the system has no /proc. */
export function commandLines(): readonly string[] {
  const processes = listIfThere("/proc").filter((entry) => /^\d+$/.test(entry));
  return processes.flatMap((entry) => readProc(`/proc/${entry}/cmdline`)?.replaceAll("\0", " ") ?? []);
}

/** Mount points at or below any of these paths, the deepest first. */
export function mountsBelow(paths: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const line of (readProc("/proc/self/mountinfo") ?? "").split("\n")) {
    // proc(5): the mount point is the fifth field, with space, tab, newline and backslash as octal escapes.
    const point = line
      .split(" ")[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (point !== undefined && paths.some((path) => point === path || point.startsWith(`${path}/`))) found.push(point);
  }
  return found.sort().reverse();
}
