import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

/** The package is fetched once, into the user's cache, by the script that also generates the graph. */
export const script = fileURLToPath(new URL("../../scripts/generate-cpu-graph.ts", import.meta.url));
export const run = promisify(execFile);
export const timeoutMs = 180_000;
/** The script's exit code for "the package cannot be fetched here". */
const cannotFetch = 3;

const failure = z.object({ code: z.union([z.number(), z.string()]).optional(), stderr: z.string().optional() });

/** archspec's Python package: its folder, or why it cannot be had here. */
export async function fetchArchspec(): Promise<{ readonly folder?: string; readonly reason: string }> {
  try {
    const { stdout } = await run(process.execPath, [script, "--fetch-only"], { timeout: timeoutMs });
    return { folder: stdout.trim(), reason: "" };
  } catch (error) {
    const { code, stderr } = failure.parse(error);
    if (code !== cannotFetch) throw error;
    return { reason: stderr?.trim() ?? "the package cannot be fetched" };
  }
}
