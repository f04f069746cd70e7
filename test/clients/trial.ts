import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CommandResult, runCommand } from "../cluster/command.ts";
import type { Lack } from "../cluster/lack.ts";
import { describeWith } from "../support/describe-with.ts";
import { withHosts } from "./own-hosts.ts";
import { commandsBelow } from "./page.ts";
import { first, hubName, type Login, machineTypes, prints, type Site, startSite } from "./site.ts";

/** How a client's commands are run. */
export interface Setting {
  readonly env: Readonly<Record<string, string>>;
  /** Runs a shell script in a folder. Default: with the site's hosts file. */
  run?(script: string, options: ScriptOptions): Promise<CommandResult>;
}

export interface ScriptOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A client of registries, and what it is expected to say. */
export interface Client<T extends object> {
  /** Its heading in docs/machines-outside.md. */
  readonly name: string;
  readonly found: T | Lack;
  /** Starts what the client needs, as part of the site's run. `home`: its HOME, kept from one pull to the next. */
  setUp?(site: Site, home: string, found: T): Promise<Setting>;
  /** In its output where the secret is wrong. */
  readonly refused: RegExp;
  /** In its output where no build fits. */
  readonly unfit: RegExp;
  /** Runs what the commands have left in their folder, and resolves to what it prints. Absent: the commands run it. */
  afterwards?(folder: string): Promise<string>;
  /** In its output where it is given the whole index, which it cannot read. Absent: it takes the first entry. */
  readonly indexRefused?: RegExp;
}

const commandMs = 60_000;
/** What our message says, where a client shows it. */
export const ourReason = /no build for machine type type1: the only build does not fit: the machine lacks nvcap:9\.0/;

/**
 * Tries one client with the commands of its section in docs/machines-outside.md, each time for another login or image.
 * To be called where tests are declared.
 */
export function tryClient<T extends object>(client: Client<T>): void {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  describeWith(client.found, client.name, (found) => {
    let site: Site;
    let pull: (login: Login, image?: string) => Promise<Pulled>;
    beforeAll(async () => {
      site = await startSite({ signal: AbortSignal.timeout(60_000) });
      pull = await pulling(client, site, found);
    });
    afterAll(() => site.end());

    test.each(machineTypes)("%s logs in, pulls the name, and runs its build", async (type) => {
      const pulled = await pull(site.logins[type]);
      expect(pulled, pulled.said).toMatchObject({ code: 0, printed: [prints[type]] });
    });

    test("a second login gets the build of its own type", async () => {
      const printed = [];
      for (const type of ["type4", "type1"] as const) printed.push(...(await pull(site.logins[type])).printed);
      expect(printed).toEqual([prints.type4, prints.type1]);
    });

    test("a wrong secret is refused", async () => {
      const { code, said, printed } = await pull({ ...site.logins.type1, secret: "mh_wrong" });
      expect(said).toMatch(client.refused);
      expect([code === 0, printed]).toEqual([false, []]);
    });

    test("where nothing fits, it fails and says what it can", async () => {
      const { code, said, printed } = await pull(site.logins.type1, "qnib/gpu:latest");
      expect(said).toMatch(client.unfit);
      expect([code === 0, printed]).toEqual([false, []]);
    });

    test("the index by its digest is not filtered", async () => {
      const { code, said, printed } = await pull(site.logins.type4, `qnib/bench@${site.builds.index.digest}`);
      const refused = client.indexRefused;
      if (refused !== undefined) expect(said).toMatch(refused);
      expect([code === 0, printed], said).toEqual(refused === undefined ? [true, [first]] : [false, []]);
    });

    test("the proxy has logged no secret", async () => {
      const log = await site.log();
      expect(log).toContain("pulled");
      for (const { secret } of Object.values(site.logins)) expect(log).not.toContain(secret);
    });
  });
}

interface Pulled {
  readonly code: number;
  /** All that it wrote. */
  readonly said: string;
  /** What the container printed, and nothing else. */
  readonly printed: readonly string[];
}

async function pulling<T extends object>(client: Client<T>, site: Site, found: T) {
  const home = await mkdtemp(join(site.run.dir, "home-"));
  const { env, run = runHere(site) } = (await client.setUp?.(site, home, found)) ?? { env: {} };
  const commands = await commandsBelow(client.name);
  return async ({ username, secret }: Login, image = "qnib/bench:latest"): Promise<Pulled> => {
    const cwd = join(home, `pull-${crypto.randomUUID().slice(0, 8)}`);
    await mkdir(cwd);
    const script = commands
      .replaceAll("/qnib/bench:latest", `/${image}`)
      .replaceAll(hubName, site.host)
      .replaceAll("qnib-type1", username);
    const result = await run(script, {
      cwd,
      env: { PATH: process.env["PATH"], HOME: home, USER: "root", SSL_CERT_FILE: site.caFile, SECRET: secret, ...env },
      signal: AbortSignal.timeout(commandMs),
    });
    const left = result.code === 0 ? await client.afterwards?.(cwd) : undefined;
    const lines = `${result.stdout}\n${left ?? ""}`.split("\n");
    const printed = lines.filter((line) => line.startsWith(">> "));
    return { code: result.code, said: `${result.stdout}\n${result.stderr}`, printed };
  };
}

function runHere({ hostsFile }: Site) {
  return async (script: string, options: ScriptOptions): Promise<CommandResult> => {
    const [command = "", ...args] = withHosts(hostsFile, "sh", ["-eu", "-c", script]);
    return await runCommand(command, args, options);
  };
}
