import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { mustRun } from "../cluster/command.ts";
import { freePorts } from "../cluster/ports.ts";
import { startRegistry } from "../support/registry/start.ts";
import { publishBuilds } from "./builds.ts";
import { examplesFolder } from "./examples.ts";

const program = join(import.meta.dirname, "../../dist/metahub.mjs");
const user = "demo";

export interface RunningConsole {
  readonly url: string;
  readonly user: string;
  /** Made for this run. */
  readonly password: string;
}

/**
 * `metahub console` over a copy of the examples' machine types and nodes, and a registry in this process with the builds
 * of one image. Runs until the signal aborts; nothing of it is left then.
 */
export async function runConsoleDemo(
  say: (line: string) => void,
  signal: AbortSignal,
  ready: (console: RunningConsole) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "metahub-demo-"));
  const registry = await startRegistry();
  try {
    const { tags } = await publishBuilds(registry.host, undefined, signal);
    say(`registry at ${registry.host}, with ${tags.size} builds of qnib/bench`);
    await cp(join(examplesFolder, "inventory"), join(folder, "hub"), { recursive: true });
    const password = randomBytes(12).toString("base64url");
    const line = await mustRun(process.execPath, [program, "console", "password", "--user", user], {
      signal,
      input: `${password}\n`,
    });
    await writeFile(join(folder, "users"), line.stdout, { mode: 0o600 });
    await serve(folder, registry.host, signal, (url) => ready({ url, user, password }));
  } finally {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function serve(folder: string, upstream: string, signal: AbortSignal, ready: (url: string) => void) {
  const [port = 0] = await freePorts(1);
  const url = `http://localhost:${port}`;
  const child = spawn(
    process.execPath,
    [
      ...[program, "console", "--inventory", join(folder, "hub"), "--writable", "--users", join(folder, "users")],
      ...["--external-url", url, "--http", "--address", "127.0.0.1", "--port", String(port), "--health-port", "0"],
      ...[
        "--allow-registry",
        "docker.io",
        "--mirror",
        `docker.io=http://${upstream}`,
        "--plain-http",
        upstream,
        "--log-level",
        "warn",
      ],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "close");
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  createInterface(child.stdout).once("line", () => ready(url));
  if (signal.aborted) stop();
  const [code] = await ended;
  if (!signal.aborted) throw new Error(`the console ended with ${code}`);
}
