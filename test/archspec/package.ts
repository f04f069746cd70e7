import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { type Lack, lack } from "../cluster/lack.ts";

/** Fetches the package into the user's cache, and generates the graph from it. */
export const script = fileURLToPath(new URL("../../scripts/generate-cpu-graph.ts", import.meta.url));
export const run = promisify(execFile);
export const timeoutMs = 180_000;
/** The script's exit code for "the package cannot be fetched here". */
const cannotFetch = 3;

const failure = z.object({ code: z.union([z.number(), z.string()]).optional(), stderr: z.string().optional() });

/** archspec's Python package: the folder to put on PYTHONPATH, or why it cannot be had here. */
export type ArchspecOrLack = { readonly folder: string } | Lack;

/** Fetches it, the first time. */
export async function fetchArchspec(): Promise<ArchspecOrLack> {
  try {
    const { stdout } = await run(process.execPath, [script, "--fetch-only"], { timeout: timeoutMs });
    return { folder: stdout.trim() };
  } catch (error) {
    const { code, stderr } = failure.parse(error);
    if (code !== cannotFetch) throw error;
    const reason = stderr?.trim() ?? "archspec's package cannot be fetched";
    return lack(reason, /ENOENT|No module named pip/.test(reason) ? ["python3-pip"] : []);
  }
}
