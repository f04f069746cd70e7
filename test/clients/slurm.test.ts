import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { mustRun } from "../cluster/command.ts";
import { describeWith } from "../support/describe-with.ts";
import { containersSettings } from "./containers-image.ts";
import { runLayout } from "./layout.ts";
import { requireClient, withHosts } from "./own-hosts.ts";
import { commandsBelow } from "./page.ts";
import { hubName, prints, type Site, startSite } from "./site.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const found = requireClient("skopeo", "skopeo");
const podman = requireClient("podman", "podman");

describeWith("skip" in podman ? podman : found, "Slurm", () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ signal: AbortSignal.timeout(60_000) });
  });
  afterAll(() => site.end());

  /** What a task prolog prints as `export NAME=value` becomes the environment of the task (slurm.conf, TaskProlog). */
  function exported(printed: string): Readonly<Record<string, string>> {
    return Object.fromEntries([...printed.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  }

  test("a job pulls with the login of the node that it runs on, and knows no secret", async () => {
    const node = join(site.run.dir, "node");
    await mkdir(node);
    const here = (text: string): string => text.replaceAll(hubName, site.host).replaceAll("/etc/metahub", node);
    const { username, secret } = site.logins.type4;
    const setUp = here(await commandsBelow("Slurm: a login for each node")).replaceAll("qnib-type4", username);
    const env = {
      ...{ PATH: process.env["PATH"], HOME: node, SSL_CERT_FILE: site.caFile, SECRET: secret },
      ...(await containersSettings(node)),
    };
    const signal = AbortSignal.timeout(50_000);
    const [command = "", ...args] = withHosts(site.hostsFile, "sh", ["-eu", "-c", setUp]);
    await mustRun(command, args, { env, signal });
    const prolog = here(await commandsBelow("Slurm: the task prolog"));
    const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", prolog]);
    const job = { ...env, SECRET: "", REGISTRY_AUTH_FILE: "", ...exported(stdout) };
    expect(Object.keys(exported(stdout)).sort()).toEqual(["DOCKER_CONFIG", "REGISTRY_AUTH_FILE"]);
    const layout = join(site.run.dir, "bench");
    const copy = ["copy", `docker://${site.host}/qnib/bench`, `oci:${layout}`];
    const [run = "", ...line] = withHosts(site.hostsFile, "skopeo", copy);
    await mustRun(run, line, { env: job, signal });
    expect((await runLayout(layout)).trim()).toBe(prints.type4);
  });
});
