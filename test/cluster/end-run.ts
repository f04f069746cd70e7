import { existsSync, readdirSync, realpathSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { adminEnv } from "./admin-env.ts";
import { mustRun } from "./command.ts";
import { endContainers } from "./end-containers.ts";
import { ClusterError, describeError, systemCode } from "./error.ts";
import { markedProcesses, mountsBelow } from "./proc.ts";
import { isAlive, type ProcessIdentity, signalProcess, waitForEnd } from "./process-identity.ts";
import { readProcessRecords, readRunRecord, readUndos, type Undo } from "./run-record.ts";

/** Long enough for etcd and containerd to close; the API server would wait a minute for watches that nobody reads. */
const termMs = 5_000;
const killMs = 5_000;
/** Ending has bounds of its own at every step. */
const never = new AbortController().signal;

/**
 * Ends a run from any process: its processes, clients before servers, first asked and then killed; what they started;
 * mounts; changes to the machine. Then its folder is removed. May be called again, and while another process does it.
 *
 * @throws ClusterError `STOP` with everything that could not be ended; the folder then stays.
 */
export async function endRun(dir: string, signal: AbortSignal = never): Promise<void> {
  const root = resolve(dir);
  if (readRunRecord(root) === undefined) return;
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`${what}: ${describeError(error)}`);
    }
  };

  const records = readProcessRecords(root);
  const phases = [...new Set(records.map(({ phase }) => phase))].sort((one, other) => one - other);
  const [clients, ...servers] = phases;
  const endPhase = (phase: number | undefined): Promise<void> =>
    attempt(`processes of phase ${phase}`, () =>
      endProcesses(
        records.filter((record) => record.phase === phase),
        signal,
      ),
    );
  await endPhase(clients);
  // After the kubelets, which would start them again, and before containerd, whose files say which they are.
  await attempt("containers", () => endContainers(root, signal));
  for (const phase of servers) await endPhase(phase);
  // What processes of the run started and did not end, and one whose starter died before it wrote the record.
  await attempt("stragglers", () => killAll(markedProcesses(root), signal));
  for (const mount of mountsBelow([root]))
    await attempt(mount, async () => {
      await mustRun("umount", ["-l", mount], { signal, env: adminEnv() });
    });
  for (const undo of readUndos(root)) await attempt("a change to the machine", () => applyUndo(undo, signal));

  const mounted = mountsBelow([root]);
  // Removing a folder with a mount in it would remove what is mounted.
  if (mounted.length > 0) problems.push(`still mounted: ${mounted.join(", ")}`);
  if (problems.length > 0)
    throw new ClusterError("STOP", `could not end all of the run in ${root}:\n  ${problems.join("\n  ")}`);
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Asks processes to end, and kills those that do not. Returns when all have ended. */
export async function endProcesses(processes: readonly ProcessIdentity[], signal: AbortSignal = never): Promise<void> {
  const asked = processes.filter((one) => signalProcess(one, "SIGTERM"));
  await killAll(await waitForEnd(asked, termMs, signal), signal);
}

async function killAll(processes: readonly ProcessIdentity[], signal: AbortSignal): Promise<void> {
  for (const one of processes) signalProcess(one, "SIGKILL");
  const left = await waitForEnd(processes, killMs, signal);
  const stuck = left.filter(isAlive).map(({ pid }) => pid);
  if (stuck.length > 0) throw new ClusterError("STOP", `still there after SIGKILL: process ${stuck.join(", ")}`);
}

async function applyUndo(undo: Undo, signal: AbortSignal): Promise<void> {
  switch (undo.kind) {
    case "write":
      writeFileSync(undo.path, undo.content);
      return;
    case "remove":
      rmSync(undo.path, { recursive: true, force: true });
      return;
    case "remove-empty":
      await removeIfEmpty(undo.path, signal);
      return;
    case "command":
      if (undo.ifExists !== undefined && !existsSync(undo.ifExists)) return;
      await mustRun(undo.command, undo.args, { signal, env: adminEnv() });
  }
}

async function removeIfEmpty(path: string, signal: AbortSignal): Promise<void> {
  if (!existsSync(path) || readdirSync(path).length > 0) return;
  // The CNI library mounts the folder of network namespaces over itself.
  for (const mount of mountsBelow([realpathSync(path)]))
    await mustRun("umount", ["-l", mount], { signal, env: adminEnv() });
  try {
    rmdirSync(path);
  } catch (error) {
    // Somebody else began to use it.
    if (!["ENOENT", "ENOTEMPTY", "EBUSY"].includes(systemCode(error) ?? "")) throw error;
  }
}
