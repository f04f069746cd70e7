import type { HealthServer } from "../../http/health.ts";
import { CommandError } from "../../process/failure.ts";

/** Listens for health and metrics. Throws CommandError LISTEN_FAILED with what to do. */
export async function listenHealth(health: HealthServer, port: number, address: string): Promise<number> {
  try {
    return await health.listen(port, address);
  } catch (cause) {
    const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    const reason = taken ? "another program uses this port" : cause instanceof Error ? cause.message : String(cause);
    const advice = "choose another with --health-port";
    throw new CommandError("LISTEN_FAILED", `cannot listen on ${address}:${port}: ${reason}; ${advice}`, {});
  }
}
