import type { Registry } from "prom-client";
import { HealthServer } from "../../http/health.ts";
import type { CommandContext } from "../../process/context.ts";
import { keepHeapSmall } from "../../process/heap.ts";
import { createLogger, type Logger, type LogLevel } from "../../telemetry/log.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { type Lifecycle, withLifecycle } from "./lifecycle.ts";

/** A program needs the environment, and a signal that tells it to end. It prints nothing. */
export type ProgramContext = Pick<CommandContext, "env" | "signal">;

/** Every program that serves has these. */
export interface Program {
  readonly life: Lifecycle;
  readonly log: Logger;
  /** Rooms define their metrics against it; `health` shows them. */
  readonly metricsRegistry: Registry;
  /** Not listening yet, and not ready. */
  readonly health: HealthServer;
}

/**
 * Runs a program that serves until it is told to end: `start` wires it, and the lifecycle ends it.
 * @throws what kept it from starting, or from going on
 */
export async function runProgram(
  { logLevel, signal }: { readonly logLevel: LogLevel; readonly signal: AbortSignal },
  start: (program: Program) => Promise<void>,
): Promise<void> {
  keepHeapSmall();
  const log = createLogger(logLevel);
  const metricsRegistry = createRegistry();
  const health = new HealthServer({ metrics: metricsRegistry, log });
  await withLifecycle({ signal, log }, (life) => start({ life, log, metricsRegistry, health }));
}
