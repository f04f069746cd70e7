import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { residentOf } from "../bench/siege/memory-limit.ts";
import { mustRun } from "../cluster/command.ts";
import { freePorts } from "../cluster/ports.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "dist/metahub.mjs");

/** `metahub proxy` as a process of its own, over plain HTTP on loopback, with the machine types of the examples. */
export interface ProxyProcess {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The value of `Authorization` for somebody of machine type type1. */
  readonly authorization: string;
  /** `http://127.0.0.1:PORT` of health and metrics. */
  readonly health: string;
  /** Bytes that it had resident at most; zero where the system does not say. */
  mostMemory(): number;
  /** Tells it to end. */
  tell(): void;
  /** Resolves with its exit code once it has ended. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** @param flags further ones */
export async function startProxyProcess(upstream: string, flags: readonly string[] = []): Promise<ProxyProcess> {
  const folder = await mkdtemp(join(tmpdir(), "metahub-proxy-"));
  const hub = join(folder, "hub");
  await cp(join(root, "examples/inventory"), hub, { recursive: true });
  const create = ["credentials", "create", "one", "--inventory", hub, "--machine-type", "type1", "-o", "json"];
  const { stdout } = await mustRun(process.execPath, [program, ...create], { signal: AbortSignal.timeout(30_000) });
  const { secret }: { secret: string } = JSON.parse(stdout);
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const args = [
    ...[program, "proxy", "--inventory", hub, "--external-url", url, "--http", "--address", "127.0.0.1"],
    ...["--port", String(port), "--health-port", "0", "--key-file", join(folder, "keys")],
    ...["--mirror", `docker.io=http://${upstream}`, "--log-level", "error", ...flags],
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close").then(([code]): unknown => code);
  const listening = Promise.withResolvers<string>();
  createInterface(child.stdout).once("line", listening.resolve);
  void ended.then(() => listening.reject(new Error("the proxy ended before it listened")));
  const line = await listening.promise;
  const tell = (): void => void child.kill("SIGTERM");
  return {
    url,
    health: /health and metrics: (http:\/\/[\d.:]+)/.exec(line)?.[1] ?? "",
    tell,
    ended,
    authorization: `Basic ${Buffer.from(`type1:${secret}`).toString("base64")}`,
    mostMemory: () => residentOf(child.pid ?? 0).most,
    async stop() {
      tell();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
