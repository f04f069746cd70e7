import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { type BinarySources, defaultSources, resolveBinaries } from "./binaries.ts";
import { endPhase } from "./control-plane.ts";
import { endProcesses } from "./end-run.ts";
import { freePorts } from "./ports.ts";
import { createProgress, type WriteLine } from "./progress.ts";
import { openRun, type Run, startProcess } from "./run.ts";
import { readProcessRecords } from "./run-record.ts";
import { waitUntil } from "./wait.ts";

const programName = "registry";
const readyMs = 30_000;

export interface DistributionOptions {
  readonly signal: AbortSignal;
  /** Default: a free one. */
  readonly port?: number;
  /** Where its blobs and its log are. Default: a new temporary folder. */
  readonly dir?: string;
  /** It outlives this process; end it with `endCluster(dir)`. */
  readonly detached?: boolean;
  readonly progress?: WriteLine;
  readonly sources?: BinarySources;
}

/** A real registry (the distribution project's), plain HTTP on loopback. */
export interface Distribution {
  /** `127.0.0.1:PORT`, to put before a repository's name. */
  readonly host: string;
  readonly dir: string;
  /** Ends its process and keeps its content: an outage. */
  halt(): Promise<void>;
  /** Ends the outage, at the same port. */
  resume(signal: AbortSignal): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a registry that ends with this process. */
export async function startDistribution(options: DistributionOptions): Promise<Distribution> {
  const { signal } = options;
  const progress = createProgress(options.progress);
  const binary = await resolveBinaries(["registry"], options.sources ?? defaultSources(), progress, signal);
  const run = await openRun({ dir: options.dir, detached: options.detached, signal });
  try {
    const [free = 0] = options.port === undefined ? await freePorts(1) : [options.port];
    const host = await launchDistribution(run, binary("registry"), { port: free }, signal);
    return {
      host,
      dir: run.dir,
      halt: () => endProcesses(readProcessRecords(run.dir).filter(({ name }) => name === programName)),
      resume: async (each) => {
        await launchDistribution(run, binary("registry"), { port: free }, each);
      },
      stop: () => run.end(),
    };
  } catch (error) {
    await run.end();
    throw error;
  }
}

/** Where a registry listens. */
export interface Listen {
  /** Default: 127.0.0.1, where Pods cannot reach it. */
  readonly address?: string;
  readonly port: number;
}

/** Starts the registry as a process of a run and waits until it answers. Returns its host. */
export async function launchDistribution(
  run: Run,
  program: string,
  { address = "127.0.0.1", port }: Listen,
  signal: AbortSignal,
): Promise<string> {
  const host = `${address}:${port}`;
  const storage = join(run.dir, "registry");
  const config = join(run.dir, "registry.json");
  await mkdir(storage, { recursive: true });
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: host, secret: crypto.randomUUID() },
    }),
  );
  const started = await startProcess(run, {
    name: programName,
    phase: endPhase.storage,
    command: program,
    args: ["serve", config],
    // It sends traces to a collector on this machine unless told otherwise.
    env: { OTEL_TRACES_EXPORTER: "none" },
  });
  await waitUntil({
    what: "the registry",
    timeoutMs: readyMs,
    signal,
    process: started,
    check: (each) => whyNotOk(`http://${host}/v2/`, each),
  });
  return host;
}

/** What keeps an address from answering 200; undefined where nothing does. */
export function whyNotOk(url: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { signal, agent: false });
    sent.once("error", reject);
    sent.once("response", (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => resolve(response.statusCode === 200 ? undefined : `answered ${response.statusCode}`));
    });
    sent.end();
  });
}
