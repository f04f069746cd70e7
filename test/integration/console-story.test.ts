import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import { mustRun } from "../cluster/command.ts";
import { launchDistribution } from "../cluster/distribution.ts";
import { freePorts } from "../cluster/ports.ts";
import { createProgress } from "../cluster/progress.ts";
import { openRun, type Run } from "../cluster/run.ts";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { findChromium, launchChromium } from "../support/console/pages/chromium.ts";
import { describeWith } from "../support/describe-with.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "dist/metahub.mjs");
const password = "correct horse battery staple";

/** A server of the program, which says on its first line that it listens. */
async function serve(args: readonly string[]): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const listening = Promise.withResolvers<void>();
  createInterface(child.stdout).once("line", () => listening.resolve());
  void ended.then(([code]) => listening.reject(new Error(`${args[0]} ended with ${code} before it listened`)));
  await listening.promise;
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}

describeWith(findChromium(), "the first MetaHub's story", (found) => {
  let run: Run;
  let browser: Browser;
  let builds: PublishedBuilds;
  let hub: string;
  let consoleUrl: string;
  let proxyUrl: string;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const signal = AbortSignal.timeout(100_000);
    const binary = await resolveBinaries(["registry"], defaultSources(), createProgress(undefined), signal);
    run = await openRun({ signal });
    const [registryPort = 0, consolePort = 0, proxyPort = 0] = await freePorts(3);
    const registry = await launchDistribution(run, binary("registry"), { port: registryPort }, signal);
    builds = await publishBuilds(registry, undefined, signal);
    hub = join(run.dir, "hub");
    await mkdir(hub);
    // The nodes alone, and one machine type: the second is added by hand.
    await cp(join(root, "examples/inventory/nodes.yaml"), join(hub, "nodes.yaml"));
    const [first = ""] = (await readFile(join(root, "examples/inventory/machinetypes.yaml"), "utf8")).split("---\n");
    await writeFile(join(hub, "machinetypes.yaml"), first);
    const { stdout } = await mustRun(process.execPath, [program, "console", "password", "--user", "anna"], {
      signal,
      input: `${password}\n`,
    });
    const users = join(run.dir, "users");
    await writeFile(users, stdout, { mode: 0o600 });
    consoleUrl = `http://localhost:${consolePort}`;
    proxyUrl = `http://127.0.0.1:${proxyPort}`;
    const mirror = ["--mirror", `docker.io=http://${registry}`];
    stops.push(
      await serve([
        ...["console", "--inventory", hub, "--writable", "--users", users, "--external-url", consoleUrl, "--http"],
        ...["--address", "127.0.0.1", "--port", String(consolePort), "--health-port", "0", "--log-level", "warn"],
        ...["--registry", "hub.example.com", "--allow-registry", "docker.io", ...mirror, "--plain-http", registry],
      ]),
      await serve([
        ...["proxy", "--inventory", hub, "--external-url", proxyUrl, "--http", "--address", "127.0.0.1"],
        ...["--port", String(proxyPort), "--health-port", "0", "--key-file", join(run.dir, "keys"), ...mirror],
        ...["--log-level", "error"],
      ]),
    );
    browser = await launchChromium(found);
  });
  afterAll(async () => {
    await browser?.close();
    for (const stop of stops) await stop();
    await run?.end();
  });

  /** Digest of what the registry gives somebody for the image's name, or the status that refuses it. */
  async function pull(user: string, secret: string): Promise<string> {
    const response = await fetch(`${proxyUrl}/v2/qnib/bench/manifests/latest`, {
      headers: {
        authorization: `Basic ${btoa(`${user}:${secret}`)}`,
        accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json",
      },
    });
    await response.arrayBuffer();
    return response.headers.get("docker-content-digest") ?? String(response.status);
  }

  test("from signing in to a second machine type whose credential pulls its build, and out again", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(consoleUrl);
    await page.getByLabel("User").fill("anna");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "type1" }).waitFor();

    await page.getByRole("link", { name: "Add" }).click();
    await page.getByLabel("Name", { exact: true }).fill("type4");
    await page.getByLabel("Label 1", { exact: true }).fill("node.kubernetes.io/instance-type");
    await page.getByLabel("Value 1", { exact: true }).fill("g3.4xlarge");
    for (const feature of ["cpu:broadwell", "nvcap:5.2"]) {
      await page.getByRole("combobox", { name: "Features" }).fill(feature);
      await page.keyboard.press("Enter");
    }
    await page
      .getByRole("complementary", { name: "Preview" })
      .getByText(/^\d+ nodes?$/)
      .waitFor();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("heading", { name: "type4" }).waitFor();

    await page.getByRole("link", { name: "Credentials of type4" }).click();
    await page.getByRole("button", { name: "New credential" }).click();
    await page.getByLabel("Name", { exact: true }).fill("gpu-login");
    await page.getByRole("button", { name: "Make it" }).click();
    const dialog = page.getByRole("dialog", { name: /^The secret of/ });
    // It is there with all that is in it.
    await dialog.waitFor();
    const texts = await dialog.locator("dd code").allTextContents();
    const [user = "", secret = ""] = texts;
    await dialog.getByRole("button", { name: "I have kept it" }).click();

    const tags = (digest: string): string => builds.tags.get(digest) ?? digest;
    await expect.poll(async () => tags(await pull(user, secret)), { timeout: 15_000 }).toBe("cpu_broadwell-nvcap_52");
    expect(await pull(user, `${secret}x`)).toBe("401");

    await page.goto(`${consoleUrl}/#/images?image=qnib%2Fbench`);
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "type4" }) });
    await row.getByText("gets this").waitFor();

    const [cookie] = await page.context().cookies();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to MetaHub" }).waitFor();
    const again = await fetch(`${consoleUrl}/api/v1/machine-types`, {
      headers: { cookie: `${cookie?.name}=${cookie?.value}`, "sec-fetch-site": "same-origin" },
    });
    expect(again.status).toBe(401);
    await page.close();
  });

  test("a change of the folder by another hand is there by itself", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(consoleUrl);
    await page.getByLabel("User").fill("anna");
    await page.getByLabel("Password").fill(password);
    const streaming = page.waitForResponse(/\/api\/v1\/events$/);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    await streaming;
    const text =
      "apiVersion: metahub.dev/v1alpha1\nkind: MachineType\nmetadata: {name: by-hand}\nspec: {external: true, platform: {os: linux, architecture: amd64}}\n";
    await writeFile(join(hub, "by-hand.yaml"), text);
    await page.getByRole("heading", { name: "by-hand" }).waitFor();
    await page.close();
  });
});
