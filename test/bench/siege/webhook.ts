import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createSigningKey, formatSigningKeys } from "../../../src/keys/signing-keys.ts";
import { limitMemory } from "./memory-limit.ts";
import type { Target } from "./reviews.ts";

const program = join(import.meta.dirname, "../../../dist/metahub.mjs");
/** What V8 gives itself in a control group of 384 MiB, MiB. */
const heapInGroup = 259;
const segment = "0123456789abcdef".repeat(4);
/** The chart's timeoutSeconds of probes. */
const probeMs = 5_000;

/** The webhook as the chart runs it, as a process of its own, with the cluster and the registries of the siege. */
export interface BesiegedWebhook extends Target {
  readonly pid: number;
  readonly limited: string;
  /** What it wrote into its log, bytes. */
  logged(): number;
  /** Why it ended, where it did. */
  ended(): string | undefined;
  stop(): Promise<void>;
}

export async function startWebhook(folder: string, apiServer: string): Promise<BesiegedWebhook> {
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = { name: "c", cluster: { server: apiServer } };
  const context = { name: "c", context: { cluster: "c", user: "c" } };
  const config = { clusters: [cluster], contexts: [context], "current-context": "c", users: [{ name: "c", user: {} }] };
  await writeFile(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", ...config }));
  await writeFile(join(folder, "segment"), `${segment}\n`, { mode: 0o600 });
  const noteKey = createSigningKey(new Date());
  await writeFile(join(folder, "note-keys"), formatSigningKeys([noteKey]), { mode: 0o600 });
  const limit = limitMemory();
  const node = limit === undefined ? [`--max-old-space-size=${heapInGroup}`] : [];
  const args = [
    ...[program, "webhook", "--kubeconfig", kubeconfig, "--tls-dir", join(folder, "tls")],
    ...["--address", "127.0.0.1", "--port", "0", "--health-port", "0", "--plain-http", "*"],
    ...["--path-segment-file", join(folder, "segment"), "--note-key-file", join(folder, "note-keys"), "--drain", "0"],
  ];
  const enter = limit === undefined ? 'exec "$@"' : `echo $$ > ${limit.procs} && exec "$@"`;
  const child = spawn("/bin/sh", ["-c", enter, "sh", process.execPath, ...node, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let end: string | undefined;
  const closed = new Promise<void>((resolve) =>
    child.once("close", (code, signal) => {
      end = `exit code ${code}, signal ${signal}`;
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await closed;
    clearTimeout(kill);
    limit?.remove();
  };
  let logged = 0;
  child.stderr.on("data", (chunk: Buffer) => (logged += chunk.length));
  child.stderr.pipe(createWriteStream(join(folder, "log")));
  try {
    const [port, healthPort] = await ports(child);
    const ca = await readFile(join(folder, "tls/ca.crt"), "utf8");
    const target = { port, healthPort, ca, path: `/${segment}`, noteKey: noteKey.id };
    for (const began = Date.now(); (await probe(healthPort)) === undefined; ) {
      if (Date.now() - began > 30_000 || end !== undefined) throw new Error(`the webhook did not get ready; ${end}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const limited = limit === undefined ? `a heap of ${heapInGroup} MiB` : "a control group of 384 MiB";
    return { ...target, pid: child.pid ?? 0, limited, logged: () => logged, ended: () => end, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ports(child: ChildProcess): Promise<[number, number]> {
  return new Promise((resolve, reject) => {
    child.once("close", (code) => reject(new Error(`the webhook ended with exit code ${code} before it listened`)));
    if (child.stdout === null) return reject(new Error("the webhook has no output"));
    createInterface(child.stdout).on("line", (line) => {
      const [, port, health] = /https:\/\/[^:]+:(\d+).*http:\/\/[^:]+:(\d+)/.exec(line) ?? [];
      if (port !== undefined && health !== undefined) resolve([Number(port), Number(health)]);
    });
  });
}

/** Asks as the kubelet does; how long that took, ms. Undefined where the answer is not 200, or none is there in time. */
export function probe(healthPort: number): Promise<number | undefined> {
  const began = performance.now();
  return new Promise((resolve) => {
    const asked = request(
      { host: "127.0.0.1", port: healthPort, path: "/readyz", agent: false, signal: AbortSignal.timeout(probeMs) },
      (response) => {
        response
          .resume()
          .once("end", () => resolve(response.statusCode === 200 ? performance.now() - began : undefined));
        response.once("error", () => resolve(undefined));
      },
    );
    asked.once("error", () => resolve(undefined));
    asked.end();
  });
}
