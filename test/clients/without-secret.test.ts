import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CommandResult, runCommand } from "../cluster/command.ts";
import type { Lack } from "../cluster/lack.ts";
import { type Authority, createAuthority } from "../cluster/pki.ts";
import { describeWith } from "../support/describe-with.ts";
import { removeCgroupAtEnd } from "./cgroup.ts";
import { containersSettings } from "./containers-image.ts";
import { startDocker } from "./docker.ts";
import { goClientSettings, requireGoClient } from "./go-client.ts";
import { configureHub, writeClientCertificate } from "./hub-settings.ts";
import { runLayout } from "./layout.ts";
import { requireClient, withHosts } from "./own-hosts.ts";
import { commandsBelow } from "./page.ts";
import { hubName, prints, type Site, startSite } from "./site.ts";

// skopeo's are in without-login.test.ts.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

interface Client<T extends object> {
  readonly name: string;
  readonly found: T | Lack;
  /** Its commands with a certificate. Absent: it can show none. */
  readonly certified?: Promise<string>;
  /** Its commands with a hint. */
  readonly hinted: Promise<string>;
  /** `certificates`: a folder with what it shows. */
  setUp(site: Site, home: string, found: T, certificates: string): Promise<Readonly<Record<string, string>>>;
  /** Runs what the commands have left in their folder. Absent: they run it. */
  afterwards?(folder: string): Promise<string>;
}

function trySecretless<T extends object>(client: Client<T>): void {
  describeWith(client.found, `${client.name}, known by something else than a secret`, (found) => {
    let site: Site;
    let clients: Authority;
    beforeAll(async () => {
      clients = await createAuthority();
      site = await startSite({ clientCa: clients.certificate, signal: AbortSignal.timeout(60_000) });
      await configureHub(site, { hints: true });
    });
    afterAll(() => site.end());

    /** A machine with a certificate of an authority, or with none. */
    async function machine(authority?: Authority): Promise<(script: string) => Promise<CommandResult>> {
      const home = await mkdtemp(join(site.run.dir, "home-"));
      const certificates = join(home, "certs");
      await mkdir(certificates);
      if (authority !== undefined) await writeClientCertificate(certificates, authority);
      const own = await client.setUp(site, home, found, authority === undefined ? "" : certificates);
      const env = { PATH: process.env["PATH"], HOME: home, USER: "root", SSL_CERT_FILE: site.caFile, ...own };
      return async (script) => {
        const [command = "", ...args] = withHosts(site.hostsFile, "sh", [
          "-eu",
          "-c",
          `rm -rf bench\n${named(script, site)}`,
        ]);
        const result = await runCommand(command, args, { cwd: home, env, signal: AbortSignal.timeout(90_000) });
        const left = result.code === 0 ? ((await client.afterwards?.(home)) ?? "") : "";
        return { ...result, stdout: `${result.stdout}\n${left}` };
      };
    }

    const { certified, hinted } = client;
    if (certified !== undefined) {
      test("a client certificate stands for its machine type", async () => {
        const { code, stdout, stderr } = await (await machine(clients))(await certified);
        expect([code, stdout], stderr).toEqual([0, expect.stringContaining(prints.type4)]);
      });

      test.each(["of another authority", "missing"])("one that is %s opens nothing", async (what) => {
        const other = what === "missing" ? undefined : await createAuthority();
        const { code, stdout, stderr } = await (await machine(other))(await certified);
        expect(stderr).toMatch(/unauthorized|authentication|no basic auth credentials/i);
        expect([code === 0, stdout]).toEqual([false, expect.not.stringContaining(">> ")]);
      });
    }

    test("a user name says what the machine offers", async () => {
      const commands = await hinted;
      const run = await machine();
      let said = "";
      // Again, where the registry has not read its settings yet.
      const printed = async (): Promise<string> => {
        const { stdout, stderr } = await run(commands);
        said = stderr;
        return stdout;
      };
      await expect.poll(printed, { timeout: 120_000, interval: 500, message: said }).toContain(prints.type1);
      const better = commands.replace("cpu=broadwell", "cpu=broadwell,nvcap=5.2");
      expect((await run(better)).stdout).toContain(prints.type4);
    });
  });
}

const named = (script: string, { host }: Site): string => script.replaceAll(hubName, host);

trySecretless({
  name: "docker",
  found: requireClient("dockerd", "docker.io"),
  certified: commandsBelow("docker: certificate"),
  hinted: commandsBelow("docker: hint"),
  setUp: async (site, home, { path }, certificates) => ({
    DOCKER_CONFIG: home,
    DOCKER_HOST: await startDocker(site, path, certificates),
  }),
});

trySecretless({
  name: "podman",
  found: requireClient("podman", "podman", "runc"),
  certified: commandsBelow("podman: certificate"),
  hinted: commandsBelow("podman: hint"),
  setUp: async ({ run }, home) => {
    removeCgroupAtEnd(run, "libpod_parent");
    const settings = await containersSettings(home);
    // podman wants the file of logins to be there, where it is named.
    await writeFile(join(home, "auth.json"), "{}");
    return settings;
  },
});

trySecretless({
  name: "crane",
  found: await requireGoClient("crane"),
  // It has no flag and no file for a certificate.
  hinted: commandsBelow("crane: hint"),
  setUp: async (_site, home, { folder }) => goClientSettings(home, folder),
  afterwards: (folder) => runLayout(join(folder, "bench")),
});
