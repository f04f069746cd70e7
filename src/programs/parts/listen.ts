import { closeGraceMs } from "../../http/server.ts";
import { CommandError } from "../../process/failure.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** A server as programs see it: HttpServer, HealthServer. */
export interface Listener {
  listen(port: number, address: string): Promise<number>;
  /** Without a number, as long as it finds right. */
  close(graceMs?: number): Promise<void>;
}

/** The address and port that a server is to listen on. */
export interface Place {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The flag that chooses the port, for advice: `--health-port`. */
  readonly portFlag: string;
  /** The advice where another program uses the port. Default: choose another with the flag. */
  readonly takenAdvice?: string;
  /** Time that requests under way get to finish at the end, ms. Default: closeGraceMs. */
  readonly graceMs?: number;
}

/** Listens until the process ends. Resolves with the port. @throws CommandError LISTEN_FAILED with what to do */
export function serve(life: Lifecycle, server: Listener, place: Place): Promise<number> {
  const { portFlag, graceMs = closeGraceMs } = place;
  return life.start(
    `the server of ${portFlag}`,
    () => listen(server, place),
    () => server.close(graceMs),
    graceMs + 1_000,
  );
}

/** Listens. Resolves with the port. @throws CommandError LISTEN_FAILED with what to do */
export async function listen(server: Pick<Listener, "listen">, place: Place): Promise<number> {
  try {
    return await server.listen(place.port, place.address);
  } catch (cause) {
    const reason = reasonOf(cause, place);
    throw new CommandError("LISTEN_FAILED", `cannot listen on ${place.address}:${place.port}: ${reason}`, { cause });
  }
}

function reasonOf(cause: unknown, { portFlag, takenAdvice }: Place): string {
  switch (cause instanceof Error && "code" in cause ? cause.code : undefined) {
    case "EADDRINUSE":
      return `another program uses this port; ${takenAdvice ?? `choose another with ${portFlag}`}`;
    case "EACCES":
      return `ports below 1024 need a privilege; choose another with ${portFlag}`;
    case "EADDRNOTAVAIL":
      return "this machine does not have that address; choose another with --address";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
