import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { systemCode } from "./error.ts";

const folder = join(tmpdir(), `metahub-ports-${userInfo().uid}`);
const ours = new Set<string>();

/**
 * Claims a port for this process: between the look for a free one and the moment when its server listens, another process
 * must not find it free too. A claim ends with the process; one of a process that is gone does not count.
 */
export function claimPort(port: number): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, String(port));
  if (!make(file) && !(isStale(file) && make(file))) return false;
  if (ours.size === 0) process.once("exit", giveBack);
  ours.add(file);
  return true;
}

function make(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Takes away the claim of a process that is gone. */
function isStale(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    if (systemCode(error) !== "ESRCH") return false;
    rmSync(file, { force: true });
    return true;
  }
}

function giveBack(): void {
  for (const file of ours) rmSync(file, { force: true });
  try {
    rmdirSync(folder);
  } catch (error) {
    // Other processes have claims, or have taken it away.
    if (systemCode(error) !== "ENOTEMPTY" && systemCode(error) !== "ENOENT") throw error;
  }
}
