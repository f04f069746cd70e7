import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { kubectl } from "../cluster/kubectl.ts";
import { freePorts } from "../cluster/ports.ts";
import { requireLevel } from "../cluster/require.ts";
import { startProvider, type TestProvider } from "../support/console/openid-provider.ts";
import { withChromium } from "../support/console/pages/chromium.ts";
import { bindPeople, ClusterSite, consoleOrigin } from "../support/console/pages/cluster-site.ts";
import { describeWith } from "../support/describe-with.ts";

const crds = join(import.meta.dirname, "../../crds");
const folder = await mkdtemp(join(tmpdir(), "metahub-console-"));
const [port = 0] = await freePorts(1);
let provider: TestProvider | undefined;
const found = await withChromium(async () => {
  provider = await startProvider(folder, `${consoleOrigin(port)}/openid/callback`);
  return await requireLevel({
    // No other starts an API server with an issuer of ours.
    ...{ provider: "local", level: "api", tools: ["kubectl"], signal: new AbortController().signal },
    progress: (line) => void process.stderr.write(`${line}\n`),
    apiServerArgs: [
      ...[`--oidc-issuer-url=${provider.issuer}`, `--oidc-client-id=${provider.clientId}`],
      ...[`--oidc-ca-file=${provider.authorityFile}`, "--oidc-username-prefix=oidc:"],
      ...["--oidc-groups-claim=groups", "--oidc-groups-prefix=oidc:"],
    ],
  });
});

afterAll(async () => {
  await provider?.close();
  await rm(folder, { recursive: true, force: true });
});

describeWith(found, "the console in a browser", ({ site: { cluster }, chromium }) => {
  let pages: ClusterSite;
  let company: TestProvider;
  const stranger: Server = createServer();

  beforeAll(async () => {
    if (provider === undefined) throw new Error("the provider has not started");
    company = provider;
    await kubectl(cluster, ["apply", "--server-side", "-f", crds]);
    await kubectl(cluster, ["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    const rules = [{ apiGroups: ["metahub.dev"], resources: ["machinetypes"], verbs: ["*"] }];
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "types" } };
    await kubectl(cluster, ["create", "-f", "-"], { ...role, rules });
    await bindPeople(cluster, { editor: ["types"] });
    await kubectl(cluster, ["create", "clusterrolebinding", "anna", "--clusterrole=types", "--group=oidc:team-anna"]);
    const secret = join(folder, "client-secret");
    await writeFile(secret, company.clientSecret, { mode: 0o600 });
    const openid = [
      ...["--openid-issuer", company.issuer, "--openid-client-id", company.clientId, "--openid-scopes", "groups"],
      ...["--openid-client-secret-file", secret, "--openid-ca-file", company.authorityFile],
    ];
    pages = await ClusterSite.start({ cluster, found: chromium, port, args: openid });
    company.asks = true;
    stranger.listen(0, "127.0.0.1");
    await once(stranger, "listening");
  });
  afterEach(async () => {
    const away = (text: string): boolean => text.startsWith(company.issuer);
    expect(pages.faults().filter((text) => !away(text))).toEqual([]);
    await pages.closePages();
  });
  afterAll(async () => {
    await pages?.close();
    const closed = once(stranger, "close");
    stranger.close();
    stranger.closeAllConnections();
    await closed;
    await cluster.stop();
  });

  const leave = async (page: Page): Promise<void> => {
    await page.getByRole("link", { name: "Sign in with your company's account" }).click();
    await page.getByRole("heading", { name: "The company" }).waitFor();
  };
  const isSignedOut = async (page: Page): Promise<void> => {
    await page.getByRole("heading", { name: "Sign in to MetaHub" }).waitFor();
    expect((await page.context().cookies()).filter(({ name }) => name.startsWith("__Host-"))).toEqual([]);
  };

  test("OpenID Connect leads back to the page that was asked for, and signing out ends it", async () => {
    const asked = "#/images?image=qnib%2Fbench%3Alatest";
    const page = await pages.open(asked);
    await leave(page);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("oidc:anna").waitFor();
    await page.getByRole("heading", { name: "Images" }).waitFor();
    expect(await page.getByLabel("Image").inputValue()).toBe("qnib/bench:latest");
    expect(page.url()).toBe(`${pages.url}/${asked}`);
    const cookies = (await page.context().cookies(pages.url)).map(({ name, sameSite }) => `${name} ${sameSite}`);
    expect(cookies).toEqual(["__Host-metahub Strict"]);
    await page.getByRole("link", { name: "Machine types" }).click();
    await page.getByText("No machine type yet").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await isSignedOut(page);
    await page.reload();
    await isSignedOut(page);
  });

  test("who asked for no page begins at the first one", async () => {
    const page = await pages.open();
    await leave(page);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "Machine types", level: 1 }).waitFor();
    expect(page.url()).toBe(`${pages.url}/#/machine-types`);
  });

  test("a sign-in that was given up says so, and the next one still leads to the page that was asked for", async () => {
    const page = await pages.open("#/running?state=missed");
    await leave(page);
    await page.getByRole("button", { name: "Refuse" }).click();
    await page.getByRole("alert").getByText("the sign-in was given up").waitFor();
    expect(page.url()).toBe(`${pages.url}/#/sign-in?openid=refused`);
    await isSignedOut(page);
    await leave(page);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "Running" }).waitFor();
    expect(page.url()).toBe(`${pages.url}/#/running?state=missed`);
  });

  test("a sign-in whose cookie has gone says that it took too long, and a token leads on", async () => {
    const page = await pages.open("#/nodes");
    await leave(page);
    await page.context().clearCookies({ name: "__Host-metahub-openid" });
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("alert").getByText("it took too long").waitFor();
    await pages.signInOn(page, "editor");
    await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  });

  test("a provider that fails is told in words, and a word that nobody knows is not", async () => {
    const page = await pages.open();
    await leave(page);
    company.failing = true;
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("alert").getByText("your company's sign-in does not answer as it should").waitFor();
    company.failing = false;
    expect(page.url()).toBe(`${pages.url}/#/sign-in?openid=failed`);
    await page.goto(`${pages.url}/#/sign-in?openid=toString`);
    await page.getByRole("alert").waitFor({ state: "detached" });
  });

  /** A site of somebody else, whose pages do what they can with the browser of one who is signed in. */
  const visit = async (page: Page, host: string, body: string, headers = {}): Promise<Page> => {
    stranger.removeAllListeners("request").on("request", (_, response) => {
      response.writeHead(200, { "content-type": "text/html", ...headers }).end(`<!doctype html>${body}`);
    });
    const other = await page.context().newPage();
    await other.goto(`http://${host}:${(stranger.address() as AddressInfo).port}/`);
    return other;
  };
  const signIn = async (): Promise<Page> => {
    const page = await pages.signIn("editor");
    await page.getByText("No machine type yet").waitFor();
    return page;
  };
  const types = (): Promise<string> => kubectl(cluster, ["get", "machinetypes", "-o", "name"]);

  test("a stranger's page does not get it into a frame", async () => {
    const other = await visit(await signIn(), "stranger.test", `<iframe src="${pages.url}/"></iframe>`);
    await expect.poll(() => other.frames().map((frame) => frame.url())).toContain("chrome-error://chromewebdata/");
    expect(await other.frameLocator("iframe").getByRole("heading", { name: "Machine types" }).count()).toBe(0);
  });

  test("a stranger's form changes nothing", async () => {
    // A form can send JSON, as text.
    const body = `<input name='{"name":"planted","spec":{"external":true,"platform":{"os":"linux","architecture":"a' value='"}}}'>`;
    const form = `<form method="post" enctype="text/plain" action="${pages.url}/api/v1/machine-types">${body}<button>Go</button></form>`;
    const other = await visit(await signIn(), "stranger.test", form);
    const [answer] = await Promise.all([other.waitForResponse(/machine-types$/), other.getByRole("button").click()]);
    expect([answer.status(), await types()]).toEqual([403, ""]);
  });

  test.each(["GET", "POST"])("a stranger's script gets nothing by %s", async (method) => {
    const other = await visit(await signIn(), "stranger.test", "");
    const asked = (mode: string): Promise<unknown> =>
      other.evaluate(
        `fetch("${pages.url}/api/v1/machine-types", { method: "${method}", mode: "${mode}", credentials: "include" }).then(() => "answered", () => "nothing")`,
      );
    expect([await asked("cors"), await asked("no-cors"), await types()]).toEqual(["nothing", "nothing", ""]);
  });

  test("a neighbour below the same name plants no session, and keeps nobody from signing in", async () => {
    const page = await pages.open();
    const planted = [
      "__Host-metahub=planted; Domain=console.test; Path=/",
      "metahub=planted; Domain=console.test; Path=/",
    ];
    await visit(page, "neighbour.console.test", "", { "set-cookie": planted });
    await pages.signInOn(page, "editor");
    await page.getByText("system:serviceaccount:people:editor").waitFor();
    await page.reload();
    await page.getByText("system:serviceaccount:people:editor").waitFor();
    const [own, ...more] = (await page.context().cookies(pages.url)).filter(({ name }) => name === "__Host-metahub");
    expect([own?.value.length, more]).toEqual([43, []]);
  });

  test("a link from elsewhere leads to the page that it names, signed in", async () => {
    const other = await visit(await signIn(), "stranger.test", `<a href="${pages.url}/#/images">Look</a>`);
    await other.getByRole("link").click();
    await other.getByRole("heading", { name: "Images" }).waitFor();
    await other.getByText("system:serviceaccount:people:editor").waitFor();
  });
});
