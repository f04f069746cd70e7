import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "../cluster/ports.ts";
import { metahubProgram } from "./metahub.ts";

const root = join(import.meta.dirname, "../..");

/** `metahub console` over a copy of the examples, for `anna` of a users file. */
export interface FolderConsole {
  readonly url: URL;
  /** Base URL of its health and metrics. */
  readonly health: string;
  readonly pid: number;
  /** Holds `hub`, the inventory, and `users`. */
  readonly folder: string;
  readonly signIn: { readonly way: "password"; readonly user: string; readonly password: string };
  /** All that it has logged. */
  readonly output: () => string;
  /** SIGTERM. @returns exit code and signal */
  end(): Promise<unknown>;
  /** The same, and takes the folder away. */
  close(): Promise<void>;
}

/** @param program default: the bundle of this checkout */
export async function startFolderConsole(program = join(root, "dist/metahub.mjs")): Promise<FolderConsole> {
  const password = "correct horse battery staple";
  const folder = await mkdtemp(join(tmpdir(), "metahub-console-"));
  await cp(join(root, "examples/inventory"), join(folder, "hub"), { recursive: true });
  const { stdout } = await metahubProgram()(["console", "password", "--user", "anna"], { stdin: `${password}\n` });
  await writeFile(join(folder, "users"), `# people\n${stdout}`);
  const [port = 0] = await freePorts(1);
  const url = new URL(`http://localhost:${port}`);
  const child = spawn(
    process.execPath,
    [
      program,
      ...["console", "--inventory", join(folder, "hub"), "--writable", "--users", join(folder, "users")],
      ...["--external-url", url.origin, "--http", "--address", "127.0.0.1"],
      ...["--port", String(port), "--health-port", "0", "--registry", "hub.example.com"],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = once(child, "close");
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const listening = Promise.withResolvers<string>();
  createInterface(child.stdout).on("line", listening.resolve);
  void ended.then(() => listening.reject(new Error(`it ended before it listened: ${output}`)));
  const health = /health and metrics: (http:\/\/[\d.:]+)/.exec(await listening.promise)?.[1] ?? "";
  const end = (): Promise<unknown> => {
    child.kill("SIGTERM");
    return ended;
  };
  return {
    ...{
      url,
      health,
      folder,
      pid: child.pid ?? 0,
      signIn: { way: "password", user: "anna", password },
      output: () => output,
      end,
    },
    close: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
