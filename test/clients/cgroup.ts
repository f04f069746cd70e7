import type { Run } from "../cluster/run.ts";
import { writeUndo } from "../cluster/run-record.ts";

/**
 * Notes a control group that a runtime leaves empty, of either version of the hierarchy, so that the end of the run removes
 * it. One with a process of somebody else's in it stays.
 */
export function removeCgroupAtEnd({ dir }: Pick<Run, "dir">, name: string): void {
  const script = 'for group in "/sys/fs/cgroup/$1" /sys/fs/cgroup/*/"$1"; do find "$group" -depth -type d; done';
  const remove = `(${script}) 2>/dev/null | while read -r group; do rmdir "$group" 2>/dev/null || true; done`;
  writeUndo(dir, { kind: "command", command: "sh", args: ["-c", remove, "sh", name] });
}
