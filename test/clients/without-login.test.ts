import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CommandResult, runCommand } from "../cluster/command.ts";
import { type Authority, createAuthority } from "../cluster/pki.ts";
import { describeWith } from "../support/describe-with.ts";
import { containersSettings } from "./containers-image.ts";
import { configureHub, writeClientCertificate } from "./hub-settings.ts";
import { runLayout } from "./layout.ts";
import { requireClient, withHosts } from "./own-hosts.ts";
import { commandsBelow } from "./page.ts";
import { hubName, prints, type Site, startSite } from "./site.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWith(requireClient("skopeo", "skopeo"), "skopeo, known by something else than one login", () => {
  let site: Site;
  let clients: Authority;
  beforeAll(async () => {
    clients = await createAuthority();
    site = await startSite({ clientCa: clients.certificate, signal: AbortSignal.timeout(60_000) });
    await configureHub(site, { hints: true, machinePaths: true });
  });
  afterAll(() => site.end());

  const home = (): Promise<string> => mkdtemp(join(site.run.dir, "home-"));
  const run = async (cwd: string, script: string): Promise<CommandResult> => {
    const named = script.replaceAll(hubName, site.host);
    const [command = "", ...args] = withHosts(site.hostsFile, "sh", ["-eu", "-c", named]);
    const { type1, type4 } = site.logins;
    const env = {
      ...{ PATH: process.env["PATH"], HOME: cwd, SSL_CERT_FILE: site.caFile },
      ...{ SECRET: type1.secret, SECRET4: type4.secret, ...(await containersSettings(cwd)) },
    };
    return await runCommand(command, args, { cwd, env, signal: AbortSignal.timeout(60_000) });
  };
  /** Again, where the registry has not read its settings yet. */
  const works = async (script: string): Promise<string> => {
    let cwd = "";
    const said = async (): Promise<string> => {
      cwd = await home();
      const { code, stderr } = await run(cwd, script);
      return code === 0 ? "" : stderr;
    };
    await expect.poll(said, { timeout: 60_000, interval: 500 }).toBe("");
    return cwd;
  };

  test("a client certificate stands for its machine type; one of another authority does not", async () => {
    const commands = await commandsBelow("A client certificate");
    const cwd = await home();
    await writeClientCertificate(join(cwd, "certs"), clients);
    const { code, stderr } = await run(cwd, commands);
    expect(code, stderr).toBe(0);
    expect(await runLayout(join(cwd, "bench"))).toContain(prints.type4);
    const other = await home();
    await writeClientCertificate(join(other, "certs"), await createAuthority());
    const refused = await run(other, commands);
    expect([refused.code === 0, refused.stderr]).toEqual([
      false,
      expect.stringMatching(/unauthorized|authentication/i),
    ]);
  });

  test("a user name says what the machine offers", async () => {
    const cwd = await works(await commandsBelow("A hint"));
    expect(await runLayout(join(cwd, "bench"))).toContain(prints.type1);
  });

  test("two machine types have a login each, by their paths, and none is let into the other's", async () => {
    const commands = await commandsBelow("Two machine types on one host");
    const cwd = await works(commands);
    expect(await runLayout(join(cwd, "one"))).toContain(prints.type1);
    expect(await runLayout(join(cwd, "four"))).toContain(prints.type4);
    const crossed = commands.replace(
      "password-stdin hub.example.com/machine/type4",
      "password-stdin hub.example.com/machine/type2",
    );
    const { code } = await run(await home(), crossed.replace("/machine/type4/qnib", "/machine/type2/qnib"));
    expect(code).not.toBe(0);
  });
});
