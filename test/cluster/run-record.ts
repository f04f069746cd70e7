import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ClusterError, systemCode } from "./error.ts";

/**
 * What a run's folder says about itself, so that another process can end it: `run.json` (whose it is), one file for each
 * process in `processes/`, and one for each change to the machine in `undo/`. Separate files, each put in place by a
 * rename, need no lock between the processes that write them.
 */
const Identity = z.object({ pid: z.number().int().positive(), started: z.string() });

const RunRecord = z.object({
  version: z.literal(1),
  created: z.string(),
  /** The process at whose end the run ends too; null when the run outlives its starter. */
  owner: Identity.nullable(),
  /** The process that waits for the owner's end. */
  keeper: Identity.nullable(),
});
export type RunRecord = z.infer<typeof RunRecord>;

const ProcessRecord = Identity.extend({
  name: z.string(),
  /** Processes end in the order of their phases: clients before the servers that they talk to. */
  phase: z.number().int(),
  command: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  log: z.string(),
});
export type ProcessRecord = z.infer<typeof ProcessRecord>;

const Undo = z.discriminatedUnion("kind", [
  /** Run a command, if `ifExists` exists. */
  z.object({
    kind: z.literal("command"),
    command: z.string(),
    args: z.array(z.string()),
    ifExists: z.string().optional(),
  }),
  /** Write a file's former content back. */
  z.object({ kind: z.literal("write"), path: z.string(), content: z.string() }),
  /** Remove a folder with all in it. */
  z.object({ kind: z.literal("remove"), path: z.string() }),
  /** Remove a folder, if it is empty. */
  z.object({ kind: z.literal("remove-empty"), path: z.string() }),
]);
export type Undo = z.infer<typeof Undo>;

/** The record of the run in `dir`; undefined when there is none. */
export function readRunRecord(dir: string): RunRecord | undefined {
  const text = readIfThere(join(dir, "run.json"));
  return text === undefined ? undefined : parse(RunRecord, text, join(dir, "run.json"));
}

export function writeRunRecord(dir: string, record: RunRecord): void {
  put(join(dir, "run.json"), record);
}

export function readProcessRecords(dir: string): readonly ProcessRecord[] {
  return readAll(join(dir, "processes"), ProcessRecord);
}

export function writeProcessRecord(dir: string, record: ProcessRecord): void {
  put(join(dir, "processes", `${record.name}.json`), record);
}

/** What is to be undone, the newest first. */
export function readUndos(dir: string): readonly Undo[] {
  return readAll(join(dir, "undo"), Undo).toReversed();
}

/** Notes how to undo a change. Call it before making the change. */
export function writeUndo(dir: string, undo: Undo): void {
  const folder = join(dir, "undo");
  put(join(folder, `${String(readdirSync(folder).length).padStart(4, "0")}.json`), undo);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readAll<S extends z.ZodType>(folder: string, schema: S): z.infer<S>[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  const found: z.infer<S>[] = [];
  for (const name of names.filter((one) => one.endsWith(".json")).sort()) {
    const path = join(folder, name);
    const text = readIfThere(path);
    if (text !== undefined) found.push(parse(schema, text, path));
  }
  return found;
}

function parse<S extends z.ZodType>(schema: S, text: string, path: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new ClusterError("RECORD", `${path} does not describe a test cluster's run; remove it`, { cause: error });
  }
}

function put(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}
