import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CommandResult, runCommand } from "../cluster/command.ts";
import { describeWith } from "../support/describe-with.ts";
import { containersSettings } from "./containers-image.ts";
import { runLayout } from "./layout.ts";
import { requireClient, withHosts } from "./own-hosts.ts";
import { machineTypes, prints, type Site, startSite } from "./site.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Where the builds of the list lie: each in a repository of its own, and none under the name itself. */
const homes = {
  "cpu-broadwell": "qnib/broadwell:v1",
  "cpu-skylake": "qnib/skylake:v1",
  "cpu_broadwell-nvcap_52": "gpu/builds:v1",
  generic: "library/generic:v1",
} as const;
const list = `image: qnib/spread:v1
manifests:
  - image: library/generic:v1
    platform: {architecture: amd64}
  - image: qnib/broadwell:v1
    platform: {architecture: amd64, features: ["cpu:broadwell"]}
  - image: qnib/skylake:v1
    platform: {architecture: amd64, features: ["cpu:skylake"]}
  - image: gpu/builds:v1
    platform: {architecture: amd64, features: ["cpu:broadwell", "nvcap:5.2"]}
`;

describeWith(requireClient("skopeo", "skopeo"), "skopeo and a manifest list", () => {
  let site: Site;
  let home: string;
  let env: NodeJS.ProcessEnv;
  const skopeo = async (...args: readonly string[]): Promise<CommandResult> => {
    const [command = "", ...rest] = withHosts(site.hostsFile, "skopeo", args);
    return await runCommand(command, rest, { cwd: home, env, signal: AbortSignal.timeout(60_000) });
  };
  const pull = async (type: (typeof machineTypes)[number], image: string): Promise<string> => {
    const folder = await mkdtemp(join(home, "pull-"));
    const { username, secret } = site.logins[type];
    const from = `docker://${site.host}/${image}`;
    const { code, stderr } = await skopeo("copy", "--src-creds", `${username}:${secret}`, from, `oci:${folder}/bench`);
    expect(code, stderr).toBe(0);
    return await runLayout(join(folder, "bench"));
  };

  /** Whether the folder was read again since the list was written. */
  const inspected = async (): Promise<number> => {
    const { username, secret } = site.logins.type1;
    const asked = ["--raw", "--creds", `${username}:${secret}`, `docker://${site.host}/qnib/spread:v1`];
    return (await skopeo("inspect", ...asked)).code;
  };

  beforeAll(async () => {
    site = await startSite({ signal: AbortSignal.timeout(60_000) });
    home = join(site.run.dir, "lists-home");
    await mkdir(home);
    const settings = await containersSettings(home);
    env = { PATH: process.env["PATH"], HOME: home, USER: "root", SSL_CERT_FILE: site.caFile, ...settings };
    for (const [tag, to] of Object.entries(homes)) {
      const places = [`docker://${site.upstream}/qnib/bench:${tag}`, `docker://${site.upstream}/${to}`];
      const { code, stderr } = await skopeo(
        ...["copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests", ...places],
      );
      expect(code, stderr).toBe(0);
    }
    await writeFile(join(site.hub, "spread.yaml"), list);
  });
  afterAll(() => site.end());

  test.each(machineTypes)("%s pulls a name that no registry has, and runs its own build", async (type) => {
    await expect.poll(inspected, { timeout: 20_000 }).toBe(0);
    expect(await pull(type, "qnib/spread:v1")).toContain(prints[type]);
  });
});
