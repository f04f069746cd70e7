import { expect, test } from "vitest";
import { findChromium } from "../support/console/pages/chromium.ts";
import { longName } from "../support/console/pages/crowds.ts";
import { mayAll } from "../support/console/pages/fixture.ts";
import { hoursAgo, sampleNodes, typeOf } from "../support/console/pages/samples.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";

describeWith(findChromium(), "pages of the console", (found) => {
  const site = new PagesSite(found);

  test("a wrong password is told, a right one leads to the machine types, and signing out leads back", async () => {
    site.fixture.user = undefined;
    const { page } = await site.open();
    await page.getByLabel("User").fill("anna");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").getByText("do not belong together").waitFor();
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    await page.getByLabel("Password").fill("right");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to MetaHub" }).waitFor();
    expect(site.fixture.asked.at(-2)?.line).toBe("DELETE /session");
  });

  test("a token is sent in the body of a request, and stands nowhere after", async () => {
    site.fixture.user = undefined;
    const { page } = await site.open();
    await page.getByLabel("Token").fill("secret-token");
    await page.getByRole("button", { name: "Sign in with the token" }).click();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    expect(site.fixture.asked.find(({ line }) => line === "POST /session")?.body).toEqual({
      way: "token",
      token: "secret-token",
    });
    const held = await page.evaluate(() => [
      document.documentElement.outerHTML,
      location.href,
      JSON.stringify(localStorage),
    ]);
    expect(held.join()).not.toContain("secret-token");
  });

  test("cards say what a machine type offers, who differs and what overlaps; a search finds features", async () => {
    const { page } = await site.open();
    const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "h100" }) });
    await card.getByText("which has the same priority").waitFor();
    await card.getByText("Its nodes differ: 2 kinds").click();
    await card.getByText("such as h100-08").waitFor();
    await page.getByLabel("Search").fill("neoverse");
    await page.getByText("1 of 6").waitFor();
    expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(["graviton4"]);
  });

  test("two hundred machine types, and a name of 253 characters, keep the page as wide as the window", async () => {
    const many = Array.from({ length: 200 }, (_, place) =>
      typeOf(place === 3 ? longName : `type-${place}`, { features: [longName] }),
    );
    site.fixture.machineTypes = new Map(many.map((type) => [type.name, type]));
    for (const width of [360, 1920]) {
      const { page } = await site.open("", { viewport: { width, height: 800 } });
      await page.getByText("200 machine types").waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(width);
    }
  });

  test("a change in the cluster appears by itself", async () => {
    const { page } = await site.open();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    await expect.poll(() => site.fixture.streams).toBe(1);
    site.fixture.machineTypes.set("new-one", typeOf("new-one", { features: ["cpu:zen5"], nodes: 2 }));
    site.fixture.tell({ event: "changed", kind: "machine-types", names: ["new-one"] });
    await page.getByRole("heading", { name: "new-one" }).waitFor({ timeout: 2000 });
  });

  test("a page tells how long nobody has touched it, and of touches that ask for nothing", async () => {
    const { page } = await site.open();
    await page.clock.install();
    await page.reload();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    await expect.poll(() => site.fixture.streams).toBe(1);
    const untouched = async (path: string): Promise<string | undefined> => {
      const request = await page.waitForRequest(new RegExp(`/api/v1/${path}$`));
      return request.headers()["x-metahub-untouched"];
    };
    await page.clock.fastForward("10:00");
    const [byItself] = await Promise.all([
      untouched("machine-types"),
      site.fixture.tell({ event: "changed", kind: "machine-types", names: [] }),
      page.clock.runFor(1_000),
    ]);
    expect(Number(byItself)).toBeGreaterThanOrEqual(600);
    // The first one comes from nowhere, and moves nothing.
    await page.mouse.move(100, 100);
    await page.mouse.move(120, 140);
    const [touched] = await Promise.all([untouched("session"), page.clock.fastForward("08:00")]);
    expect(Number(touched)).toBeGreaterThanOrEqual(400);
    expect(Number(touched)).toBeLessThan(600);
  });

  test("a lost connection is seen, and what was missed appears when it is back", async () => {
    const { page } = await site.open();
    await expect.poll(() => site.fixture.streams).toBe(1);
    site.fixture.noEvents = true;
    site.fixture.dropEvents();
    await page.getByText("Not live.").waitFor();
    site.fixture.machineTypes.set("missed", typeOf("missed", { features: [] }));
    site.fixture.version += 1;
    site.fixture.noEvents = false;
    await page.getByRole("heading", { name: "missed" }).waitFor();
    await expect.poll(() => page.getByText("Not live.").count()).toBe(0);
  });

  test("the loss of what is behind the console is told with its reason, until it is back", async () => {
    const { page } = await site.open();
    await expect.poll(() => site.fixture.streams).toBe(1);
    site.fixture.tell({ event: "lost", detail: "The API server does not answer." });
    await page.getByText("The API server does not answer.").waitFor();
    site.fixture.tell({ event: "back" });
    await expect.poll(() => page.getByText("Not live.").count()).toBe(0);
  });

  test("ten thousand nodes are a few rows in the page, and the last one is there when one gets to it", async () => {
    site.fixture.nodes = sampleNodes(10_000);
    const { page } = await site.open("#/nodes");
    await page.getByText("10,000 rows").waitFor();
    const box = page.getByRole("region", { name: "Nodes, to be scrolled" });
    await box.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByRole("button", { name: "node-10000" }).waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    expect(await page.getByRole("row").last().getAttribute("aria-rowindex")).toBe("10001");
  });

  test("a node says where each feature comes from, and what was not believed", async () => {
    const { page } = await site.open("#/nodes");
    await page.getByRole("button", { name: "node-00011" }).click();
    const dialog = page.getByRole("dialog", { name: "node-00011" });
    await dialog.getByText("declared in its machine type").waitFor();
    await dialog.getByText("feature.node.kubernetes.io/cpu-cpuid.AVX2=true").waitFor();
    await dialog.getByText("no driver of this node runs it").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  test("filters are asked of the server and stand in the address", async () => {
    const { page } = await site.open("#/running");
    await page.getByLabel("State").selectOption("missed");
    await page.getByLabel("Namespace").fill("clim");
    await expect.poll(() => page.url()).toContain("#/running?namespace=clim&state=missed");
    await expect
      .poll(() => site.fixture.asked.at(-1)?.line)
      .toBe("GET /selections?namespace=clim&state=missed&limit=500");
    await page.getByText("did not answer within 2 s").first().waitFor();
  });

  test("a link to a matrix shows who gets which build and why not the others", async () => {
    const { page } = await site.open("#/images?image=qnib%2Fbench");
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "type1" }) });
    await row.getByText("gets this").waitFor();
    await row.getByText("fits; B2 is better").waitFor();
    await row.getByRole("cell", { name: /^lacks cpu:zen4 nvcap:9.0 or nvptx:9.0$/ }).waitFor();
    await row.getByText("another platform").waitFor();
  });

  test("who may not list nodes is told so, and types are not known instead of without a build; the page follows", async () => {
    const seeing = site.fixture.matrix;
    const note = "You may not list nodes, so it is not known what the machines of a type offer.";
    const nothing = { platform: "unknown", offers: [], selected: null, considered: [], warnings: [] };
    const reason = "not known: you may not list nodes";
    site.fixture.matrix = (image) => {
      const { machines, ...rest } = seeing(image);
      const unknown = machines.map(({ kind, name }) => ({
        ...{ kind, name, ...nothing, reason },
        action: "leave" as const,
        unknown: true as const,
      }));
      return { ...rest, machines: unknown, notes: [note] };
    };
    try {
      const { page } = await site.open("#/images?image=qnib%2Fbench");
      await page.getByText(note).waitFor();
      const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "type1" }) });
      await row.getByText(reason).waitFor();
      await row.getByText("not known", { exact: true }).first().waitFor();
      site.fixture.matrix = seeing;
      site.fixture.tell({ event: "changed", kind: "matrix", names: [] });
      await row.getByText("gets this").waitFor();
      expect(await page.getByText(note).count()).toBe(0);
    } finally {
      site.fixture.matrix = seeing;
    }
  });

  test("an image that cannot be read says why", async () => {
    const detail = "The registry says that it has no such image.";
    site.fixture.instead.set("GET /matrix", { type: "about:blank", title: "Not found", status: 404, detail });
    const { page } = await site.open("#/images?image=nothing");
    await page.getByRole("alert").getByText(detail).waitFor();
  });

  test("manifest lists have their entries, digests and errors", async () => {
    const { page } = await site.open("#/manifest-lists");
    await page.getByText("the registry has no such tag").waitFor();
    await page.getByRole("heading", { name: "qnib/bench:auto" }).waitFor();
  });

  test("who may only look sees all, and buttons that say why they do nothing", async () => {
    site.fixture.may = {
      ...mayAll,
      machineTypes: ["list", "watch"],
      credentials: { namespace: "metahub", verbs: ["list"] },
    };
    const { page } = await site.open();
    const sentence = page.getByText("You may look at machine types, but not add or change or delete them.");
    await sentence.waitFor();
    const add = page.getByRole("button", { name: "Add" });
    expect(await add.getAttribute("aria-disabled")).toBe("true");
    expect(
      await add.evaluate((own) => document.getElementById(own.getAttribute("aria-describedby") ?? "")?.textContent),
    ).toContain("You may look");
    await add.click({ force: true });
    await page.getByRole("button", { name: "Delete type1" }).click({ force: true });
    expect([await page.getByRole("dialog").count(), page.url()]).toEqual([0, `${site.url}/`]);
    await page.getByRole("link", { name: "Credentials of type1" }).click();
    await page.getByText("You may not make or take back credentials here.").waitFor();
  });

  test("what a person may not read is said in a sentence, with the right that they lack", async () => {
    const detail = "You may not list machine types.";
    const missing = "list machinetypes.metahub.dev";
    site.fixture.instead.set("GET /machine-types", {
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      detail,
      missing,
    });
    const { page } = await site.open();
    await page.getByRole("alert").getByText(missing).waitFor();
  });

  test.each([
    ["de-DE", "10.000 rows", /^vor \d/, /\d\d\.\d\d\.\d{4}/],
    ["en-US", "10,000 rows", /ago$/, /[A-Z][a-z]{2} \d+, \d{4}/],
  ])("numbers and times are those of %s", async (locale, rows, relative, absolute) => {
    site.fixture.nodes = sampleNodes(10_000);
    const { page } = await site.open("#/nodes", { locale });
    await page.getByText(rows).waitFor();
    site.fixture.credentials = [{ id: "one", username: "one", state: "active", lastUsed: hoursAgo(24 * 800) }];
    await page.goto(`${site.url}/#/machine-types/type1/credentials`);
    const time = page.getByRole("row", { name: /one/ }).getByRole("time");
    expect(await time.textContent()).toMatch(relative);
    expect(await time.getAttribute("title")).toMatch(absolute);
  });
});
