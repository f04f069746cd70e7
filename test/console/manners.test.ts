import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { saved } from "../support/console/pages/answers.ts";
import { findChromium } from "../support/console/pages/chromium.ts";
import { typeOf } from "../support/console/pages/samples.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";

const payload = "<img src=x onerror=alert(1)><b>bold</b>";

/** What a person notices who does not use a mouse, or does not see the page; and texts of dialogs and lists that open. */
describeWith(findChromium(), "manners of the console", (found) => {
  const site = new PagesSite(found);
  const focused = (page: Page): Promise<string> =>
    page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "";
    });

  test.each([
    ["Escape", (page: Page) => page.keyboard.press("Escape")],
    ["its button", (page: Page) => page.getByRole("button", { name: "Close", exact: true }).first().click()],
  ])("the focus is where it was when a dialog is closed by %s", async (_, close) => {
    const { page } = await site.open();
    const yaml = page.getByRole("button", { name: "YAML of h100" });
    await yaml.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "h100 as YAML" });
    await dialog.waitFor();
    expect(await dialog.evaluate((own) => own.contains(document.activeElement))).toBe(true);
    await close(page);
    await dialog.waitFor({ state: "detached" });
    expect(await focused(page)).toBe("YAML of h100");
  });

  test("where what opened a dialog is gone, the focus is on the page's heading", async () => {
    const { page } = await site.open();
    await page.getByRole("button", { name: "Delete h100" }).click();
    await page.getByRole("button", { name: "Delete h100 now" }).click();
    await expect.poll(() => page.getByRole("heading", { name: "h100" }).count()).toBe(0);
    await expect.poll(() => focused(page)).toBe("Machine types");
  });

  test("the same where a credential was revoked, which has nothing left to press", async () => {
    const { page } = await site.open("#/machine-types/type1/credentials");
    await page.getByRole("button", { name: "Revoke ci" }).click();
    await page.getByRole("button", { name: "Revoke ci now" }).click();
    await page.getByRole("row", { name: /^ci/ }).getByText("revoked").waitFor();
    expect(await focused(page)).toBe("Credentials of type1");
  });

  test("after the sign-in the focus is on the page's heading", async () => {
    site.fixture.user = undefined;
    const { page } = await site.open();
    await page.getByLabel("User").fill("anna");
    await page.getByLabel("Password").fill("right");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "type1" }).waitFor();
    expect(await focused(page)).toBe("Machine types");
  });

  test("a form without a name says that it needs one, and sends nothing", async () => {
    const { page } = await site.open("#/new-machine-type");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").getByText("A machine type needs a name.").waitFor();
    expect(await focused(page)).toContain("A machine type needs a name.");
    await page.getByText("Give it a name.").waitFor();
    expect(await page.getByText("metadata.name").count()).toBe(0);
    expect(site.fixture.asked.filter(({ line }) => line === "POST /machine-types")).toEqual([]);
  });

  test("words that stand for something in a client's lines are explained", async () => {
    const { page } = await site.open("#/machine-types/type1/credentials");
    await page.route("**/credentials", async (route) => {
      if (route.request().method() !== "POST") return await route.continue();
      const response = await route.fetch();
      const lines = [
        { client: "kubelet", text: "password: SECRET" },
        { client: "docker", text: "login REGISTRY" },
      ];
      await route.fulfill({ response, json: { ...(await response.json()), lines } });
    });
    await page.getByRole("button", { name: "New credential" }).click();
    await page.getByLabel("Name", { exact: true }).fill("login-2");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByText("kubelet", { exact: true }).click();
    await page.getByText("SECRET stands for the secret above").waitFor();
    await page.getByText("docker", { exact: true }).click();
    await page.getByText("REGISTRY stands for the registry's address").waitFor();
    expect(await page.getByText("stands for").count()).toBe(2);
  });

  test("of a machine type that is not there no credential is offered", async () => {
    site.fixture.credentials = [];
    const { page } = await site.open("#/machine-types/nope/credentials");
    await page.getByText("There is no machine type nope").waitFor();
    await page.getByRole("button", { name: "New credential" }).click({ force: true });
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await page.getByText("No credential yet").count()).toBe(0);
  });

  test("at 360 pixels the name of each page is seen whole", async () => {
    const { page } = await site.open("", { viewport: { width: 360, height: 800 } });
    const links = page.getByRole("navigation").getByRole("link");
    const ends = await links.evaluateAll((all) => all.map((link) => link.getBoundingClientRect().right));
    expect(ends).toHaveLength(5);
    expect(Math.max(...ends)).toBeLessThanOrEqual(360);
  });

  test("a matrix says how many rows it has, and that there are more than are seen", async () => {
    const { page } = await site.open("#/images?image=qnib%2Fbench");
    await page.getByText("6 rows", { exact: true }).waitFor();
    const few = site.fixture.matrix("a");
    const node = (at: number) => ({ ...few.machines[0], kind: "Node" as const, name: `node-${at}` });
    const nodes = Array.from({ length: 40 }, (_, at) => node(at)) as unknown as typeof few.machines;
    site.fixture.matrix = () => ({ ...few, machines: [...few.machines, ...nodes] });
    await page.reload();
    await page.getByText("46 rows: scroll within the table for the rest").waitFor();
  });

  test("the first Tab skips to the page", async () => {
    const { page } = await site.open("#/nodes");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the page");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("Nodes");
  });

  test("what has the focus is seen to have it", async () => {
    const { page } = await site.open();
    for (let tabs = 0; tabs < 12; tabs++) {
      await page.keyboard.press("Tab");
      const [name, style, width] = await page.evaluate(() => {
        const own = document.activeElement ?? document.body;
        const { outlineStyle, outlineWidth } = getComputedStyle(own);
        return [own.textContent, outlineStyle, outlineWidth];
      });
      expect([name, style, width]).toEqual([name, "solid", "2px"]);
    }
  });

  test("the title and the heading say where one is, and so does the list of pages", async () => {
    const { page } = await site.open();
    for (const [name, title] of [
      ["Images", "Images · MetaHub"],
      ["Running", "Running · MetaHub"],
    ] as const) {
      await page.getByRole("link", { name, exact: true }).click();
      await expect.poll(() => page.title()).toBe(title);
      expect(await focused(page)).toBe(name);
      expect(await page.locator("[aria-current=page]").allTextContents()).toEqual([name]);
    }
    await page.goto(`${site.url}/#/machine-types/type1/edit`);
    await page.getByRole("heading", { name: "Edit type1" }).waitFor();
    expect(await page.locator("[aria-current=page]").allTextContents()).toEqual(["Machine types"]);
  });

  test("the list of known features is told as it is gone through, and Escape closes it alone", async () => {
    const { page } = await site.open("#/new-machine-type");
    const input = page.getByRole("combobox", { name: "Features" });
    await input.fill("zen");
    await page.getByRole("option").nth(1).waitFor();
    expect(await input.getAttribute("aria-activedescendant")).toBeNull();
    const active = () =>
      input.evaluate((own) => document.getElementById(own.getAttribute("aria-activedescendant") ?? "")?.textContent);
    await page.keyboard.press("ArrowDown");
    expect(await active()).toContain("cpu:zen3");
    await page.keyboard.press("ArrowUp");
    expect(await active()).toContain("cpu:zen5");
    await page.keyboard.press("Escape");
    expect([await input.getAttribute("aria-expanded"), await page.getByRole("option").count()]).toEqual(["false", 0]);
    expect(await input.inputValue()).toBe("zen");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove zen" }).waitFor();
    await page.keyboard.press("Backspace");
    await expect.poll(() => page.getByRole("button", { name: "Remove zen" }).count()).toBe(0);
  });

  test("a refused form takes the focus to the reason", async () => {
    const { page } = await site.open("#/new-machine-type");
    await page.getByLabel("Name", { exact: true }).fill("Not Good");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").waitFor();
    expect(await focused(page)).toContain("The API server refuses it.");
  });

  test.each([
    ["the number of rows", "#/nodes", "60 rows"],
    ["what a search found", "", "6 machine types"],
    ["a preview", "#/machine-types/h100/edit", "8 nodes"],
  ])("%s is read out when there is a pause", async (_, at, text) => {
    const { page } = await site.open(at);
    await page.getByRole("status").getByText(text).waitFor();
  });

  test("what was copied is said, and it is the whole digest; a link leads to the same matrix", async () => {
    const { page } = await site.open("#/images?image=qnib%2Fbench%3A1%262", {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.getByRole("button", { name: "Copy link to this matrix" }).click();
    await page.getByRole("status").getByText("Copied").waitFor({ state: "attached" });
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await page.goto(`${site.url}/#/nodes`);
    await page.getByRole("heading", { name: "Nodes" }).waitFor();
    await page.goto(link);
    await page.getByRole("rowheader", { name: "type1" }).waitFor();
    expect(site.fixture.asked.findLast(({ line }) => line.startsWith("GET /matrix"))?.line).toBe(
      "GET /matrix?image=qnib%2Fbench%3A1%262",
    );
    await page
      .getByRole("button", { name: /^Copy sha256:/ })
      .first()
      .click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("times are in the language that they are written in", async () => {
    const { page } = await site.open("#/machine-types/type1/credentials", { locale: "de-DE" });
    const times = page.getByRole("time");
    await times.first().waitFor();
    expect(new Set(await times.evaluateAll((all) => all.map((time) => time.getAttribute("lang"))))).toEqual(
      new Set(["de-DE"]),
    );
    await page.getByRole("button", { name: "New credential" }).click();
    await page.getByText(/^\d{2}\.\d{2}\.\d{4}$/).waitFor();
  });

  test("one may go back from a conflict to what one had, and nothing of it is lost", async () => {
    const { page } = await site.open("#/machine-types/h100/edit");
    await page.getByRole("combobox", { name: "Features" }).fill("cpu:zen5");
    await page.keyboard.press("Enter");
    saved(site.fixture, { name: "h100", spec: { nodeSelector: {}, features: ["cpu:zen3"] } }, "2");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Back to my form" }).click();
    await page.getByRole("button", { name: "Remove cpu:zen5" }).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    const field = page.getByRole("dialog").getByRole("group", { name: "features" });
    await field.getByRole("radio", { name: "Theirs" }).check();
    await page.getByRole("button", { name: "Take these" }).click();
    await page.getByRole("button", { name: "Remove cpu:zen3" }).waitFor();
    expect(await page.getByRole("button", { name: "Remove cpu:zen5" }).count()).toBe(0);
  });

  test("what is unchanged is not sent again, and stands there all the same", async () => {
    const { page } = await site.open("#/nodes");
    await page.getByRole("button", { name: "node-00001" }).waitFor();
    await page.getByRole("link", { name: "Running", exact: true }).click();
    await page.getByText("40 rows").waitFor();
    const again = page.waitForResponse((response) => response.url().includes("/nodes?"));
    await page.getByRole("link", { name: "Nodes", exact: true }).click();
    expect((await again).status()).toBe(304);
    await page.getByRole("button", { name: "node-00001" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("somebody else who signs in finds nothing of what was begun or read before", async () => {
    const { page } = await site.open();
    await page.getByRole("link", { name: "Add" }).click();
    await page.getByLabel("Name", { exact: true }).fill("half-done");
    site.fixture.user = undefined;
    site.fixture.instead.set("POST /machine-types", {
      ...{ type: "about:blank", title: "Signed out", status: 401, detail: "Your session has ended." },
    });
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByLabel("User").fill("berta");
    await page.getByLabel("Password").fill("right");
    const readings: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/machine-types")) readings.push(request.headers()["if-none-match"]);
    });
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "Add a machine type" }).waitFor();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("");
    expect(await page.getByText("You had begun this earlier.").count()).toBe(0);
    await page.getByRole("link", { name: "Machine types", exact: true }).click();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    expect(readings[0]).toBeUndefined();
  });

  test("texts of strangers are texts in dialogs, in errors, in previews and in completions, too", async () => {
    const { fixture } = site;
    const hostile = { ...typeOf("h", { features: ["cpu:zen4"], nodes: 1 }), name: "h", yaml: payload };
    const profiles = ["one", "two"].map((example) => ({ features: [payload], nodes: 1, example: example + payload }));
    fixture.machineTypes = new Map([["h", { ...hostile, profiles }]]);
    fixture.nodes = fixture.nodes.slice(0, 1).map((node) => ({
      ...{ ...node, name: payload, features: [{ feature: payload, from: payload }], notBelieved: [payload] },
    }));
    fixture.known = [{ feature: `cpu:${payload}`, says: payload, above: [payload], below: [payload] }];
    fixture.preview = {
      ...{ nodes: 1, names: [payload], moved: [{ from: payload, to: payload, nodes: 1 }], features: [payload] },
      ...{ refused: [{ path: payload, message: payload }], warnings: [payload] },
    };
    const { page } = await site.open();
    const isText = async (where: string): Promise<void> => {
      await expect.poll(() => page.locator("body").textContent()).toContain(payload);
      expect([where, await page.locator("main img, main b, dialog img, dialog b").count()]).toEqual([where, 0]);
    };
    await page.getByText("Its nodes differ").click();
    await isText("who differs");
    await page.getByRole("button", { name: "YAML of h" }).click();
    await page.getByRole("dialog").getByText(payload).waitFor();
    await isText("YAML");
    await page.getByRole("button", { name: "Close", exact: true }).first().click();
    await page.getByRole("button", { name: "Delete h" }).click();
    await page.getByRole("dialog").getByText(payload).first().waitFor();
    await isText("a deletion");
    fixture.instead.set("DELETE /machine-types/h", {
      ...{ type: "about:blank", title: payload, status: 403, detail: payload, missing: payload },
    });
    await page.getByRole("button", { name: "Delete h now" }).click();
    await page.getByRole("alert").getByText(payload).first().waitFor();
    await isText("a problem");
    await page.goto(`${site.url}/#/machine-types/h/edit`);
    await page.getByRole("combobox", { name: "Features" }).fill("b");
    await page.getByRole("option").first().waitFor();
    await page.getByRole("complementary").getByText(payload).first().waitFor();
    await isText("a form");
    await page.goto(`${site.url}/#/nodes`);
    await page.getByRole("button", { name: payload }).click();
    await page.getByRole("dialog").getByText(payload).first().waitFor();
    await isText("a node");
  });
});
