import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { freePorts } from "../cluster/ports.ts";
import { startRegistry } from "../support/registry/start.ts";
import { publishBuilds } from "./builds.ts";
import { examplesFolder } from "./examples.ts";
import { clientsHere, folderOf, type Pulled } from "./proxy-clients.ts";

const program = join(import.meta.dirname, "../../dist/metahub.mjs");
const types = ["type1", "type2", "type3", "type4"] as const;

/** One login, and what its pull brought. */
export interface ProxyRow extends Pulled {
  readonly type: string;
  readonly username: string;
  readonly client: string;
}

export interface ProxyResult {
  readonly rows: readonly ProxyRow[];
  /** Digest of a build → its tag. */
  readonly tags: ReadonlyMap<string, string>;
}

/**
 * The demonstration of the filtering registry without a cluster: a registry in this process, `metahub proxy` before it as
 * a process of its own over TLS, four logins, and one name pulled with each of them.
 */
export async function runProxyDemo(say: (line: string) => void, signal: AbortSignal): Promise<ProxyResult> {
  const folder = await mkdtemp(join(tmpdir(), "metahub-demo-"));
  const registry = await startRegistry();
  let proxy: RunningProxy | undefined;
  try {
    const { tags } = await publishBuilds(registry.host, undefined, signal);
    say(`registry at ${registry.host}, with ${tags.size} builds of qnib/bench`);
    const hub = join(folder, "hub");
    await cp(join(examplesFolder, "inventory"), hub, { recursive: true });
    const logins = await Promise.all(types.map(async (type) => ({ type, ...(await login(hub, type, signal)) })));
    say("a login for each of four machine types: metahub credentials create");
    proxy = await startProxy(folder, hub, registry.host, signal);
    const { host, caFile } = proxy;
    say(`metahub proxy before it, at ${host}`);
    const clients = clientsHere();
    const rows = await Promise.all(
      logins.map(async ({ type, username, secret }, index): Promise<ProxyRow> => {
        const client = clients[index % clients.length] ?? clients[0];
        if (client === undefined) throw new Error("there is no client");
        const how = { host, caFile, username, secret, folder: await folderOf(folder, type), signal };
        return { type, username, client: client.name, ...(await client.pull(how)) };
      }),
    );
    return { rows, tags };
  } finally {
    await proxy?.stop();
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One line for each login. `width`: columns of the terminal. */
export function proxyReport({ rows, tags }: ProxyResult, width: number | undefined): string {
  return renderTable({
    columns: [
      { header: "LOGIN" },
      { header: "CLIENT" },
      { header: "GOT" },
      { header: "PRINTS", overflow: "wrap", minWidth: 24 },
    ],
    rows: rows.map(({ username, client, digest, builtFor }) => {
      const said = builtFor.replace(/^>> This container is /, "");
      return [username, client, `:${tags.get(digest) ?? digest}`, said];
    }),
    ...(width === undefined ? {} : { width }),
  });
}

async function login(hub: string, type: string, signal: AbortSignal) {
  const username = `qnib-${type}`;
  const args = ["credentials", "create", type, "--inventory", hub, "--machine-type", type, "--username", username];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, "-o", "json"], { signal });
  const { secret }: { secret: string } = JSON.parse(stdout);
  return { username, secret };
}

interface RunningProxy {
  readonly host: string;
  readonly caFile: string;
  stop(): Promise<void>;
}

async function startProxy(folder: string, hub: string, upstream: string, signal: AbortSignal): Promise<RunningProxy> {
  const [port = 0] = await freePorts(1);
  const host = `localhost:${port}`;
  const child = spawn(
    process.execPath,
    [
      ...[program, "proxy", "--inventory", hub, "--external-url", `https://${host}`],
      ...["--address", "127.0.0.1", "--port", String(port), "--health-port", "0"],
      ...["--key-file", join(folder, "token-keys"), "--tls-dir", join(folder, "tls")],
      ...["--mirror", `docker.io=http://${upstream}`, "--log-level", "warn"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "close");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  try {
    const listening = Promise.withResolvers<void>();
    createInterface(child.stdout).once("line", () => listening.resolve());
    void ended.then(([code]) => listening.reject(new Error(`the proxy ended with ${code} before it listened`)));
    signal.addEventListener("abort", () => listening.reject(signal.reason), { once: true });
    await listening.promise;
    const caFile = join(folder, "tls/ca.crt");
    await readFile(caFile);
    return { host, caFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
