import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Cluster } from "../../../cluster/cluster.ts";
import { kubectl } from "../../../cluster/kubectl.ts";
import { freePorts } from "../../../cluster/ports.ts";
import { type ServerProcess, startServer } from "../../../operator/server-process.ts";
import { type ChromiumFound, launchChromium } from "./chromium.ts";
import { type OpenPage, watchPage } from "./watched.ts";

const host = "console.test";
const waitMs = 30_000;
/** The namespace of credentials. */
const credentialsNamespace = "hpc";

export interface ClusterSiteOptions {
  readonly cluster: Cluster;
  readonly found: ChromiumFound;
  /** `HOST:PORT` of a registry that stands in for docker.io. */
  readonly registry?: string;
  readonly args?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
}

/** `metahub console` as a process of its own before a cluster, over TLS, and browsers that are on their way to it. */
export class ClusterSite {
  readonly url: string;
  readonly browser: Browser;
  readonly server: ServerProcess;
  readonly #cluster: Cluster;
  readonly #opened: OpenPage[] = [];

  private constructor(url: string, browser: Browser, server: ServerProcess, cluster: Cluster) {
    this.url = url;
    this.browser = browser;
    this.server = server;
    this.#cluster = cluster;
  }

  static async start({ cluster, found, registry, args = [], port: wanted }: ClusterSiteOptions): Promise<ClusterSite> {
    const [free = 0, healthPort = 0] = await freePorts(2);
    const port = wanted ?? free;
    const url = consoleOrigin(port);
    const mirror = registry === undefined ? [] : ["--mirror", `docker.io=http://${registry}`, "--plain-http", registry];
    const server = await startServer({
      run: { dir: cluster.dir, logs: cluster.logs },
      name: "metahub-console",
      healthPort,
      signal: AbortSignal.timeout(60_000),
      args: [
        // The administrator's: its address counts, and its certificate must not.
        ...["console", "--kubeconfig", cluster.kubeconfig, "--credentials-namespace", credentialsNamespace],
        ...["--external-url", url, "--address", "127.0.0.1", "--port", String(port), "--health-port", `${healthPort}`],
        ...["--tls-dir", join(cluster.dir, "console-tls"), "--tls-host", host, "--registry", "hub.example.com"],
        ...["--allow-registry", "docker.io", ...mirror],
        ...args,
      ],
    });
    try {
      return new ClusterSite(url, await launchChromium(found), server, cluster);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** A browser of its own state at the console. `at`: a fragment. */
  async open(at = ""): Promise<Page> {
    // The authority is one that the console has made for itself.
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, locale: "en-US" });
    context.setDefaultTimeout(waitMs);
    const page = await context.newPage();
    this.#opened.push(watchPage(page, this.url));
    await page.goto(`${this.url}/${at}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return page;
  }

  /** Signs in as a service account of the namespace `people`, by a pasted token, and waits for the machine types. */
  async signIn(account: string): Promise<Page> {
    const page = await this.open();
    await this.signInOn(page, account);
    await page.getByRole("heading", { name: "Machine types", level: 1 }).waitFor();
    return page;
  }

  /** The same on a page that shows the sign-in. */
  async signInOn(page: Page, account: string): Promise<void> {
    await page.getByLabel("Token").fill(await this.tokenOf(account));
    await page.getByRole("button", { name: "Sign in with the token" }).click();
  }

  tokenOf(account: string): Promise<string> {
    return kubectl(this.#cluster, ["create", "token", account, "--namespace", "people"]);
  }

  /** The errors of all pages since the last call, and their requests to elsewhere. */
  faults(): readonly string[] {
    return this.#opened.flatMap(({ faults, foreign }) => [...faults.splice(0), ...foreign.splice(0)]);
  }

  async closePages(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map(({ page }) => page.context().close()));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }
}

/** The console's address as browsers of tests reach it. */
export function consoleOrigin(port: number): string {
  return `https://${host}:${port}`;
}

/** Makes accounts in the namespace `people`, and binds each to cluster roles; `hpc/ROLE`: in that namespace alone. */
export async function bindPeople(cluster: Cluster, people: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const namespace of ["people", credentialsNamespace]) await kubectl(cluster, ["create", "namespace", namespace]);
  const items = Object.entries(people).flatMap(([name, roles]) => [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "people" } },
    ...roles.map((role) => binding(name, role)),
  ]);
  await kubectl(cluster, ["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
}

function binding(account: string, text: string): object {
  const [role = "", namespace] = text.split("/").reverse();
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name: `${account}-${role}`, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: "people" }],
  };
}
