import { join } from "node:path";
import { request } from "undici";
import { endPhase } from "../cluster/control-plane.ts";
import { endProcesses } from "../cluster/end-run.ts";
import { signalProcess, waitForEnd } from "../cluster/process-identity.ts";
import { type Run, type Started, startProcess } from "../cluster/run.ts";
import { waitUntil } from "../cluster/wait.ts";

const program = join(import.meta.dirname, "../../dist/metahub.mjs");
const readyMs = 30_000;

export interface ServerOptions {
  /** It ends with this run at the latest. */
  readonly run: Pick<Run, "dir" | "logs">;
  readonly name: string;
  readonly args: readonly string[];
  readonly healthPort: number;
  readonly signal: AbortSignal;
}

/** `metahub webhook`, `metahub controller` or `metahub keeper` as a process of its own, from the bundle. */
export interface ServerProcess {
  readonly pid: number;
  readonly log: string;
  /** Base URL of its health and metrics. */
  readonly health: string;
  /** SIGTERM, and the end awaited. */
  stop(): Promise<void>;
  /** SIGKILL, and the end awaited. */
  kill(): Promise<void>;
  /** Starts it again with the same arguments and waits until it is ready. */
  restart(signal: AbortSignal): Promise<void>;
  /** The sum of a metric's samples whose labels contain the text. */
  metric(name: string, labels: string, signal: AbortSignal): Promise<number>;
}

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  let started = await launch(options);
  const health = `http://127.0.0.1:${options.healthPort}`;
  return {
    get pid() {
      return started.record.pid;
    },
    log: started.record.log,
    health,
    stop: () => endProcesses([started.record]),
    kill: async () => {
      signalProcess(started.record, "SIGKILL");
      await waitForEnd([started.record], 10_000);
    },
    restart: async (signal) => {
      started = await launch({ ...options, signal });
    },
    metric: async (name, labels, signal) => {
      const { body } = await request(`${health}/metrics`, { signal });
      let sum = 0;
      for (const line of (await body.text()).split("\n")) {
        const [, found = "", value] = /^(\w+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
        if (found.split("{", 1)[0] === name && found.includes(labels)) sum += Number(value);
      }
      return sum;
    },
  };
}

async function launch({ run, name, args, healthPort, signal }: ServerOptions): Promise<Started> {
  const started = await startProcess(run, {
    name,
    phase: endPhase.client,
    command: process.execPath,
    args: [program, ...args],
  });
  await waitUntil({
    what: name,
    timeoutMs: readyMs,
    signal,
    process: started,
    check: async (each) => {
      const { statusCode, body } = await request(`http://127.0.0.1:${healthPort}/readyz`, { signal: each });
      const text = await body.text();
      return statusCode === 200 ? undefined : text.trim();
    },
  });
  return started;
}
