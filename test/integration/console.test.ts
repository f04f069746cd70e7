import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type ConsoleOptions, runConsole } from "../../src/programs/console.ts";
import { dataDoors } from "../../src/programs/parts/console-data.ts";
import { freePorts } from "../cluster/ports.ts";
import { requireLevel } from "../cluster/require.ts";
import { accountKubeconfig } from "../operator/account.ts";
import { TestBrowser } from "../support/console/browser.ts";

import { startProvider } from "../support/console/openid-provider.ts";
import { describeWith } from "../support/describe-with.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const chart = join(import.meta.dirname, "../../charts/metahub");
const namespace = "metahub-system";
const folder = await mkdtemp(join(tmpdir(), "metahub-console-"));
const [port = 0, healthPort = 0] = await freePorts(2);
const url = new URL(`http://localhost:${port}`);
const provider = await startProvider(folder, `${url.origin}/openid/callback`);
const found = await requireLevel({
  // No other starts an API server with an issuer of ours.
  provider: "local",
  level: "api",
  signal: new AbortController().signal,
  progress: (line) => void process.stderr.write(`${line}\n`),
  tools: ["kubectl", "helm"],
  apiServerArgs: [
    `--oidc-issuer-url=${provider.issuer}`,
    `--oidc-client-id=${provider.clientId}`,
    `--oidc-ca-file=${provider.authorityFile}`,
    ...["--oidc-username-prefix=oidc:", "--oidc-groups-claim=groups", "--oidc-groups-prefix=oidc:"],
  ],
});

afterAll(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

const typeOf = (name: string) => ({
  name,
  spec: { nodeSelector: { matchLabels: { pool: name } }, features: ["cpu:zen4"] },
});

describeWith(found, "the console before a cluster", ({ cluster }) => {
  const told = new AbortController();
  let running: Promise<void>;
  const browsers: TestBrowser[] = [];
  const browser = (): TestBrowser => {
    const made = new TestBrowser(url, [provider.authority]);
    browsers.push(made);
    return made;
  };
  const kubectl = async (args: readonly string[], input?: object): Promise<string> => {
    const more = input === undefined ? {} : { input: JSON.stringify(input) };
    const { stdout, stderr, code } = await cluster.kubectl(args, { signal: soon(), ...more });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const tokenOf = (account: string): Promise<string> => kubectl(["create", "token", account]);
  const signedIn = async (account: string): Promise<TestBrowser> => {
    const made = browser();
    const answer = await made.api("POST", "/session", { way: "token", token: await tokenOf(account) });
    expect([answer.status, answer.json().user]).toEqual([201, `system:serviceaccount:default:${account}`]);
    return made;
  };
  const types = async (): Promise<readonly string[]> =>
    (await kubectl(["get", "machinetypes", "-o", "name"])).split("\n").filter((name) => name !== "");

  beforeAll(async () => {
    await kubectl([
      "apply",
      "--server-side",
      "-f",
      join(import.meta.dirname, "../../crds/metahub.dev_machinetypes.yaml"),
    ]);
    await kubectl(["wait", "--for=condition=Established", "crd/machinetypes.metahub.dev", "--timeout=30s"]);
    const role = (name: string, verbs: readonly string[]) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: ["metahub.dev"], resources: ["machinetypes"], verbs }],
    });
    await kubectl(["create", "-f", "-"], role("types-view", ["get", "list", "watch"]));
    await kubectl(["create", "-f", "-"], role("types-edit", ["*"]));
    for (const name of ["viewer", "editor"]) await kubectl(["create", "serviceaccount", name]);
    const bind = (name: string, to: string, ...who: readonly string[]) =>
      kubectl(["create", "clusterrolebinding", name, `--clusterrole=${to}`, ...who]);
    await bind("viewer", "types-view", "--serviceaccount=default:viewer", "--user=oidc:bert");
    await bind("editor", "types-edit", "--serviceaccount=default:editor", "--group=oidc:team-anna");
    const listening = Promise.withResolvers<void>();
    const options: ConsoleOptions = {
      ...{ address: "127.0.0.1", port, healthPort, externalUrl: url, certificate: undefined, trustedProxies: [] },
      source: {
        kind: "cluster",
        // The administrator's: its address counts, and its certificate must not.
        kubeconfig: cluster.kubeconfig,
        credentialsNamespace: "default",
        openid: {
          issuer: new URL(provider.issuer),
          clientId: provider.clientId,
          clientSecret: provider.clientSecret,
          scopes: ["groups"],
          ca: provider.authority,
        },
      },
      registries: { allowed: ["*"], plainHttp: [], mirrors: [], privateRedirects: [], dockerConfigNamespaces: [] },
      registry: undefined,
      ...{ idleMs: 1_800_000, longestMs: 43_200_000, pages: folder, logLevel: "silent" },
      onListening: () => listening.resolve(),
    };
    await writeFile(join(folder, "index.html"), "<!doctype html>");
    running = runConsole(options, { env: {}, signal: told.signal }, dataDoors);
    await Promise.race([listening.promise, running]);
  });
  afterEach(async () => {
    for (const one of browsers.splice(0)) await one.close();
    provider.account = "anna";
    provider.revoked = false;
  });
  afterAll(async () => {
    told.abort();
    await running;
    await cluster.stop();
  });

  test("whoever the API server does not know is not signed in, and the console's own account is nobody's", async () => {
    const { api } = browser();
    const one = browser();
    expect((await one.api("GET", "/session")).json()).toEqual({ signedIn: false, ways: ["openid", "token"] });
    for (const token of ["x", "a b", `${await tokenOf("viewer")}x`, "é", "x".repeat(17_000)]) {
      const { status } = await one.api("POST", "/session", { way: "token", token });
      expect([401, 422]).toContain(status);
    }
    expect((await one.api("GET", "/machine-types")).status).toBe(401);
    expect(api).toBeTypeOf("function");
  });

  test("a person bound to view cannot write by any request", async () => {
    const editor = await signedIn("editor");
    expect((await editor.api("POST", "/machine-types", typeOf("zen"))).status).toBe(201);
    const viewer = await signedIn("viewer");
    expect((await viewer.api("GET", "/machine-types")).json().items).toHaveLength(1);
    const refused = [
      await viewer.api("POST", "/machine-types", typeOf("other")),
      await viewer.api("PUT", "/machine-types/zen", { ...typeOf("zen"), resourceVersion: "1" }),
      await viewer.api("DELETE", "/machine-types/zen"),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(refused[0]?.json()).toMatchObject({ missing: expect.stringContaining("machinetypes") });
    expect(await types()).toEqual(["machinetype.metahub.dev/zen"]);
    expect((await editor.api("DELETE", "/machine-types/zen")).status).toBe(204);
  });

  test("nor by replaying what another's page sent", async () => {
    const editor = await signedIn("editor");
    const viewer = await signedIn("viewer");
    const own = viewer.csrf;
    viewer.csrf = editor.csrf;
    expect((await viewer.api("POST", "/machine-types", typeOf("other"))).status).toBe(403);
    viewer.csrf = own;
    expect((await viewer.api("POST", "/machine-types", typeOf("other"))).status).toBe(403);
    // The editor's cookie after they signed out.
    const stolen = new Map(editor.cookies.get(url.origin));
    expect((await editor.api("DELETE", "/session")).status).toBe(204);
    viewer.cookies.set(url.origin, stolen);
    viewer.csrf = editor.csrf;
    expect((await viewer.api("POST", "/machine-types", typeOf("other"))).status).toBe(401);
    expect(await types()).toEqual([]);
  });

  test("a token that counts no more ends the session at the next request that the API server is asked for", async () => {
    await kubectl(["create", "serviceaccount", "leaver"]);
    const leaver = await signedIn("leaver");
    await kubectl(["delete", "serviceaccount", "leaver"]);
    // What a shared watch tells is read for a minute more (record 46); whatever is asked for anew is refused at once.
    const write = async () => (await leaver.api("POST", "/machine-types", typeOf("by-leaver"))).status;
    await expect.poll(write, { timeout: 20_000 }).toBe(401);
    expect((await leaver.api("GET", "/session")).json().signedIn).toBe(false);
  });

  test("OpenID Connect signs in whom the API server knows by the same issuer, with their groups, and renews", async () => {
    const anna = browser();
    expect((await anna.go("/openid/start")).url.href).toBe(`${url.origin}/#/sign-in`);
    const session = (await anna.api("GET", "/session")).json();
    expect([session.user, session.groups]).toEqual([
      `${"oidc:"}anna`,
      expect.arrayContaining(["oidc:team-anna", "system:authenticated"]),
    ]);
    // The ID token lasts for half a minute, which is less than what it is renewed before.
    const before = provider.told.filter((event) => event === "grant.success").length;
    expect((await anna.api("POST", "/machine-types", typeOf("by-anna"))).status).toBe(201);
    expect(provider.told.filter((event) => event === "grant.success").length).toBeGreaterThan(before);
    expect((await anna.api("DELETE", "/machine-types/by-anna")).status).toBe(204);
    const all = [...(anna.cookies.get(url.origin)?.values() ?? [])].join();
    expect(all).not.toContain("eyJ");
  });

  test("another person of the same issuer has their own rights, and one whom the provider renews no more is out", async () => {
    provider.account = "bert";
    const bert = browser();
    await bert.go("/openid/start");
    expect((await bert.api("GET", "/session")).json().user).toBe("oidc:bert");
    expect((await bert.api("POST", "/machine-types", typeOf("by-bert"))).status).toBe(403);
    expect((await bert.api("GET", "/machine-types")).status).toBe(200);
    provider.revoked = true;
    expect((await bert.api("GET", "/machine-types")).status).toBe(401);
    expect((await bert.api("GET", "/session")).json().signedIn).toBe(false);
  });

  test.each<[string, (query: URLSearchParams, one: TestBrowser) => void, string]>([
    ["another state", (query) => query.set("state", "x".repeat(43)), "refused"],
    ["no state", (query) => query.delete("state"), "refused"],
    ["another code", (query) => query.set("code", "x".repeat(43)), "refused"],
    ["another issuer", (query) => query.set("iss", "https://evil.example"), "refused"],
    ["the provider's refusal", (query) => query.set("error", "access_denied"), "refused"],
    ["no cookie of a sign-in", (_query, one) => one.cookies.get(url.origin)?.clear(), "expired"],
    [
      "the cookie of another's sign-in",
      (_query, one) =>
        one.cookies.get(url.origin)?.set("metahub-openid", `${Math.floor(Date.now() / 1_000)}.${"x".repeat(43)}`),
      "refused",
    ],
    [
      "the cookie of an hour ago",
      (_query, one) => {
        const jar = one.cookies.get(url.origin);
        const [, random = ""] = (jar?.get("metahub-openid") ?? "").split(".");
        jar?.set("metahub-openid", `${Math.floor(Date.now() / 1_000) - 3_600}.${random}`);
      },
      "refused",
    ],
  ])("an answer with %s signs nobody in", async (_name, spoil, outcome) => {
    const one = browser();
    const answer = await callback(one);
    spoil(answer.searchParams, one);
    const page = await one.hop(answer);
    expect([page.status, page.headers["location"]]).toEqual([303, `/#/sign-in?openid=${outcome}`]);
    expect((await one.api("GET", "/session")).json().signedIn).toBe(false);
  });

  test("an answer of the provider serves once", async () => {
    const one = browser();
    const answer = await callback(one);
    const jar = new Map(one.cookies.get(url.origin));
    expect((await one.hop(answer)).headers["location"]).toBe("/#/sign-in");
    const other = browser();
    other.cookies.set(url.origin, jar);
    expect((await other.hop(answer)).headers["location"]).toBe("/#/sign-in?openid=refused");
  });

  /** The lines of `kubectl auth can-i --list` for an account. */
  async function rightsOf(account: string): Promise<readonly string[]> {
    const kubeconfig = join(folder, `${account}.kubeconfig`);
    await writeFile(kubeconfig, await accountKubeconfig(cluster, namespace, account, soon()));
    return (await kubectl(["auth", "can-i", "--list", "--kubeconfig", kubeconfig])).split("\n").sort();
  }

  /** Goes to the provider, and stops where it sends the browser back. */
  async function callback(one: TestBrowser): Promise<URL> {
    let next = new URL("/openid/start", url);
    for (let hops = 0; hops < 8; hops++) {
      const { headers } = await one.hop(next);
      next = new URL(String(headers["location"]), next);
      if (next.pathname === "/openid/callback") return next;
    }
    throw new Error(`not sent back: ${next.href}`);
  }

  test("the chart's account has no token, no role and no rights", async () => {
    await kubectl(["create", "namespace", namespace]);
    const values = ["console.enabled=true", "console.externalUrl=https://console.example.com"];
    const { stdout, stderr, code } = await cluster.helm(
      ["template", "metahub", chart, "--namespace", namespace, "--kube-version", "1.37.2", "--set", values.join()],
      { signal: soon() },
    );
    expect(code, stderr).toBe(0);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS());
    const account = objects.find(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === "metahub-console",
    );
    const deployment = objects.find(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === "metahub-console",
    );
    const { spec } = deployment.spec.template;
    expect([account.automountServiceAccountToken, spec.automountServiceAccountToken]).toEqual([false, false]);
    expect([spec.serviceAccountName, deployment.spec.replicas]).toEqual(["metahub-console", 1]);
    expect(JSON.stringify(spec.volumes)).not.toMatch(/serviceAccountToken|projected/);
    const subjects = objects.flatMap((object) => object?.subjects ?? []).map(({ name }) => name);
    expect(subjects).not.toContain("metahub-console");
    await kubectl(["apply", "-f", "-"], account);
    await kubectl(["create", "serviceaccount", "unbound", "--namespace", namespace]);
    // The API server lets every account ask about itself: it may no more than one that nobody bound.
    expect(await rightsOf("metahub-console")).toEqual(await rightsOf("unbound"));
    await kubectl([
      "create",
      "clusterrolebinding",
      "unbound",
      "--clusterrole=types-view",
      `--serviceaccount=${namespace}:unbound`,
    ]);
    await expect
      .poll(() => rightsOf("unbound"), { timeout: 20_000 })
      .toContainEqual(expect.stringContaining("machinetypes"));
    expect(await rightsOf("metahub-console")).not.toContainEqual(expect.stringContaining("machinetypes"));
  });
});
