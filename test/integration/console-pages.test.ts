import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { kubectl } from "../cluster/kubectl.ts";
import { openBindingSite } from "../support/cluster/binding-site.ts";
import { onType } from "../support/cluster/pods.ts";
import { withChromium } from "../support/console/pages/chromium.ts";
import { bindPeople, ClusterSite } from "../support/console/pages/cluster-site.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await withChromium(openBindingSite);

/**
 * The pages before all that is real: an API server with the chart's resources and roles, the webhook and the controller
 * at work, a registry, the program of the console, and a browser.
 */
describeWith(found, "pages before a cluster", ({ site, chromium }) => {
  const { cluster } = site;
  let pages: ClusterSite;
  let page: Page;
  const ask = (...args: readonly string[]): Promise<string> => kubectl(cluster, args);
  const go = (name: string): Promise<void> => page.getByRole("navigation").getByRole("link", { name }).click();
  const card = (of: Page, name: string) =>
    of.getByRole("listitem").filter({ has: of.getByRole("heading", { name, exact: true }) });

  beforeAll(async () => {
    const nodes = { apiGroups: [""], resources: ["nodes", "namespaces"], verbs: ["get", "list", "watch"] };
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "see-nodes" } };
    await kubectl(cluster, ["apply", "-f", "-"], { ...role, rules: [nodes] });
    const editor = ["view", "see-nodes", "metahub-machine-types", "hpc/metahub-machine-credentials"];
    await bindPeople(cluster, { viewer: ["view"], editor, second: editor });
    pages = await ClusterSite.start({ cluster, found: chromium, registry: site.registry.host });
    page = await pages.signIn("editor");
  });
  afterEach(() => expect(pages.faults()).toEqual([]));
  afterAll(async () => {
    await pages?.close();
    await site.stop();
  });

  test("a token that does not count is refused in words, and one that does stands nowhere after", async () => {
    const token = await pages.tokenOf("viewer");
    const stranger = await pages.open();
    await stranger.getByLabel("Token").fill(`${token}x`);
    await stranger.getByRole("button", { name: "Sign in with the token" }).click();
    await stranger.getByRole("alert").getByText("The API server does not accept this token.").waitFor();
    await stranger.getByLabel("Token").fill(token);
    await stranger.getByRole("button", { name: "Sign in with the token" }).click();
    await stranger.getByRole("heading", { name: "Machine types" }).waitFor();
    await stranger.getByText("system:serviceaccount:people:viewer").waitFor();
    const stores = await stranger.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])");
    const held = [await stranger.content(), stranger.url(), stores].join();
    expect(held).not.toContain(token.slice(0, 40));
    await stranger.context().close();
  });

  test("a machine type is added: its preview counts nodes, and the API server's own words stand beside its field", async () => {
    await card(page, "type4").getByRole("link", { name: "1 node of type4" }).waitFor();
    await cluster.createNode({ name: "new1", labels: { pool: "new" } }, AbortSignal.timeout(30_000));
    await page.getByRole("link", { name: "Add" }).click();
    await page.getByLabel("Name", { exact: true }).fill("type5");
    await page.getByLabel("Label 1", { exact: true }).fill("pool");
    await page.getByLabel("Value 1", { exact: true }).fill("new");
    const preview = page.getByRole("complementary", { name: "Preview" });
    await preview.getByText("1 node", { exact: true }).waitFor();
    const features = page.getByRole("combobox", { name: "Features" });
    await features.fill("cpu zen4");
    await page.keyboard.press("Enter");
    await expect.poll(() => features.getAttribute("aria-invalid")).toBe("true");
    const [, wrong = ""] = (await features.getAttribute("aria-describedby"))?.split(" ") ?? [];
    // As the API server says it.
    await page.locator(`[id="${wrong}"]`).getByText('Invalid value: "cpu zen4": must be one feature').waitFor();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").getByText("This cannot be saved").waitFor();
    await page.getByRole("button", { name: "Remove cpu zen4" }).click();
    await features.fill("cpu:zen4");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await card(page, "type5").getByText("zen4").first().waitFor();
    const { spec } = JSON.parse(await ask("get", "machinetype", "type5", "-o", "json"));
    // The priority is the API server's default.
    expect(spec).toEqual({ features: ["cpu:zen4"], nodeSelector: { matchLabels: { pool: "new" } }, priority: 0 });
  });

  test("an edit keeps what nobody touched, and a deletion says first what it would change", async () => {
    await ask("label", "machinetype/type5", "team=hpc");
    await page.getByRole("link", { name: "Edit type5" }).click();
    await page.getByLabel("Priority").fill("7");
    await page.getByRole("button", { name: "Save" }).click();
    await card(page, "type5").waitFor();
    const written = JSON.parse(await ask("get", "machinetype", "type5", "-o", "json"));
    expect([written.spec.priority, written.metadata.labels]).toEqual([7, { team: "hpc" }]);
    await page.getByRole("button", { name: "Delete type5" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete type5?" });
    await dialog.getByText("1 node goes from type5 to no machine type").waitFor();
    await dialog.getByRole("button", { name: "Keep it" }).click();
    expect(await ask("get", "machinetype", "type5", "-o", "name")).toBe("machinetype.metahub.dev/type5");
  });

  test("two people edit one type: the second is shown both, and nothing of either is lost", async () => {
    const other = await pages.signIn("second");
    for (const one of [page, other]) {
      await one.getByRole("link", { name: "Edit type5" }).click();
      await one.getByLabel("Priority").waitFor();
    }
    await page.getByLabel("Priority").fill("8");
    await page.getByRole("button", { name: "Save" }).click();
    await card(page, "type5").waitFor();
    await other.getByRole("combobox", { name: "Features" }).fill("nvcap:9.0");
    await other.keyboard.press("Enter");
    await other.getByRole("button", { name: "Save" }).click();
    const dialog = other.getByRole("dialog", { name: "Somebody else has changed type5" });
    const priority = dialog.getByRole("group", { name: "priority" });
    await priority.getByRole("radio", { name: /^Theirs/ }).check();
    await dialog.getByRole("button", { name: "Take these" }).click();
    await other.getByRole("button", { name: "Save" }).click();
    await card(other, "type5").waitFor();
    const { spec } = JSON.parse(await ask("get", "machinetype", "type5", "-o", "json"));
    expect([spec.priority, spec.features]).toEqual([8, ["cpu:zen4", "nvcap:9.0"]]);
    await other.context().close();
  });

  test("a change by kubectl is there by itself", async () => {
    const type = { apiVersion: "metahub.dev/v1alpha1", kind: "MachineType", metadata: { name: "by-hand" } };
    const platform = { os: "linux", architecture: "arm64" };
    await kubectl(cluster, ["create", "-f", "-"], { ...type, spec: { external: true, platform } });
    await card(page, "by-hand").getByText("Machines outside the cluster").waitFor();
    await ask("delete", "machinetype", "by-hand");
    await card(page, "by-hand").waitFor({ state: "detached" });
  });

  test("a credential's secret is shown once and stands nowhere after, and it is rotated and revoked", async () => {
    await page.getByRole("link", { name: "Credentials of type5" }).click();
    await page.getByText("No credential yet").waitFor();
    await page.getByRole("button", { name: "New credential" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Login 1");
    await page.getByRole("button", { name: "Make it" }).click();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).getAttribute("aria-invalid")).toBe("true");
    await page.getByLabel("Name", { exact: true }).fill("login-1");
    await page.getByRole("button", { name: "Make it" }).click();
    const dialog = page.getByRole("dialog", { name: "The secret of login-1" });
    await dialog.waitFor();
    const [user, secret = ""] = await dialog.locator("dd code").allTextContents();
    expect([user, secret.length > 30]).toEqual(["type5", true]);
    expect(await dialog.locator("summary").allTextContents()).toEqual([
      ...["docker", "podman", "apptainer", "containerd", "kubelet"],
    ]);
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    const row = page.getByRole("row", { name: /^login-1 / });
    await row.getByText("active").waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await ask("get", "machinecredential", "-n", "hpc", "-o", "json")).not.toContain(secret);
    await page.getByRole("button", { name: "Rotate login-1" }).click();
    await page.getByRole("button", { name: "Rotate login-1 now" }).click();
    const next = page.getByRole("dialog", { name: "The secret of login-1-r2" });
    await next.getByText("The former secret ends").waitFor();
    await next.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("button", { name: "Revoke login-1-r2" }).click();
    await page.getByRole("button", { name: "Revoke login-1-r2 now" }).click();
    await page
      .getByRole("row", { name: /^login-1-r2 / })
      .getByText("revoked")
      .waitFor();
  });

  test("the matrix of an index says who gets which build, and why not the others", async () => {
    await go("Images");
    await page.getByLabel("Image").fill("qnib/bench");
    await page.getByRole("button", { name: "Show" }).click();
    const cells = async (type: string): Promise<string> =>
      (
        await page
          .getByRole("row")
          .filter({ has: page.getByRole("rowheader", { name: type, exact: true }) })
          .getByRole("cell")
          .allTextContents()
      ).join("\n");
    await expect.poll(() => cells("type4"), { timeout: 20_000 }).toContain("gets this");
    const [first, second, fourth] = [await cells("type1"), await cells("type2"), await cells("type4")];
    for (const each of [first, second, fourth]) expect(each.match(/gets this/g)).toHaveLength(1);
    expect(first).toMatch(/lacks\s*nvcap:5\.2/);
    expect(fourth).toMatch(/fits; B\d is better/);
    expect(page.url()).toBe(`${pages.url}/#/images?image=qnib%2Fbench`);
    await page.getByTitle(site.builds.index.digest).waitFor();
  });

  test("nodes say where each feature comes from", async () => {
    await go("Nodes");
    await page.getByText("5 rows").waitFor();
    await page.getByLabel("Machine type").selectOption("type4");
    await page.getByText("1 row", { exact: true }).waitFor();
    await page.getByRole("button", { name: "node4" }).click();
    const dialog = page.getByRole("dialog", { name: "node4" });
    await dialog
      .getByRole("row", { name: /^nvcap:5\.2 / })
      .getByText("declared in its machine type")
      .waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
  });

  test("what was chosen for Pods is told, and what is no longer the best once labels change", async () => {
    const made = await site.createPod("bench", { spec: onType("type4") });
    expect(site.buildIn(made)).toBe("cpu_broadwell-nvcap_52");
    await site.bound("bench");
    await go("Running");
    const row = page.getByRole("row").filter({ hasText: "default/bench" });
    await row.getByText("best", { exact: true }).waitFor();
    await row.getByText("node4").waitFor();
    await ask("patch", "machinetype", "type4", "--type=merge", "-p", '{"spec":{"features":["cpu:haswell"]}}');
    await row.getByText("no longer best").waitFor();
    await page.getByLabel("Namespace").fill("elsewhere");
    await page.getByText("No Pod fits these filters.").waitFor();
  });

  test("manifest lists show what was found and what was not", async () => {
    await go("Manifest lists");
    await page.getByText("No manifest list yet").waitFor();
    const manifests = [{ image: "qnib/bench:cpu-skylake", features: ["cpu:skylake"] }, { image: "qnib/bench:never" }];
    await kubectl(cluster, ["create", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "ClusterManifestList",
      metadata: { name: "joined" },
      spec: { image: "qnib/joined", manifests },
    });
    const row = (image: string) =>
      page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: image, exact: true }) });
    const [[digest = ""] = []] = [...site.builds.tags].filter(([, tag]) => tag === "cpu-skylake");
    await row("qnib/bench:cpu-skylake").getByTitle(digest).waitFor();
    await row("qnib/bench:never").getByText("404").waitFor();
    const tone = async (condition: string): Promise<string | null> =>
      await page.getByRole("listitem").getByText(condition, { exact: true }).getAttribute("class");
    expect([await tone("Ready"), await tone("Conflict")]).toEqual(["badge bad", "badge good"]);
    await page.getByRole("link", { name: "Matrix of qnib/joined" }).click();
    await page.getByRole("rowheader", { name: "type2" }).waitFor();
  });

  test("who may only look is told so in sentences, with the right that they lack", async () => {
    const viewer = await pages.signIn("viewer");
    await viewer.getByText("You may look at machine types, but not add or change or delete them.").waitFor();
    await card(viewer, "type5").getByText("1 node").waitFor();
    expect(await viewer.getByRole("button", { name: "Add" }).getAttribute("aria-disabled")).toBe("true");
    await viewer.getByRole("link", { name: "Credentials of type5" }).click();
    const alert = viewer.getByRole("alert");
    await alert.getByText("You may not see credentials in namespace hpc.").waitFor();
    await alert.getByText("list machinecredentials.metahub.dev", { exact: true }).waitFor();
    await viewer.getByRole("navigation").getByRole("link", { name: "Nodes" }).click();
    await alert.getByText("list nodes", { exact: true }).waitFor();
    await viewer.getByRole("navigation").getByRole("link", { name: "Running" }).click();
    await viewer.getByRole("row").filter({ hasText: "default/bench" }).waitFor();
    await viewer.getByRole("navigation").getByRole("link", { name: "Manifest lists" }).click();
    await viewer.getByRole("heading", { name: "qnib/joined" }).waitFor();
    await viewer.context().close();
  });

  test("an API server that goes away is told, and what happened meanwhile is there when it is back", async () => {
    await go("Machine types");
    await card(page, "type5").waitFor();
    const lost = page.getByText("Not live.");
    await cluster.restartApiServer({
      signal: AbortSignal.timeout(120_000),
      whileDown: async () => {
        await lost.waitFor();
        // What was known before stays.
        await card(page, "type5").waitFor();
        await page.getByRole("link", { name: "Edit type5" }).click();
        await page.getByRole("alert").getByText("The API server does not answer").waitFor();
        await go("Machine types");
      },
    });
    await lost.waitFor({ state: "detached" });
    await ask("delete", "machinetype", "type5");
    await card(page, "type5").waitFor({ state: "detached" });
  });

  test("who signs out is signed out on the server", async () => {
    const [cookie] = await page.context().cookies();
    expect([cookie?.name, cookie?.httpOnly, cookie?.secure, cookie?.sameSite]).toEqual([
      ...["__Host-metahub", true, true, "Strict"],
    ]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to MetaHub" }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    if (cookie === undefined) throw new Error("there was no cookie");
    await page.context().addCookies([cookie]);
    await page.reload();
    await page.getByRole("heading", { name: "Sign in to MetaHub" }).waitFor();
  });
});
