import { expect, test } from "vitest";
import { saved } from "../support/console/pages/answers.ts";
import { findChromium } from "../support/console/pages/chromium.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";

describeWith(findChromium(), "forms of the console", (found) => {
  const site = new PagesSite(found);
  const bodyOf = (line: string): unknown => site.fixture.asked.findLast((asked) => asked.line === line)?.body;

  test("a machine type is added with a feature that was completed, after its preview was seen", async () => {
    const { page } = await site.open();
    await page.getByRole("link", { name: "Add" }).click();
    await page.getByLabel("Name", { exact: true }).fill("type5");
    await page.getByLabel("Label 1", { exact: true }).fill("pool");
    await page.getByLabel("Value 1", { exact: true }).fill("new");
    const features = page.getByRole("combobox", { name: "Features" });
    await features.fill("zen4");
    await page.getByRole("option", { name: /cpu:zen4 AMD Zen 4/ }).click();
    await page
      .getByRole("complementary", { name: "Preview" })
      .getByText("4 nodes go from no machine type to type5")
      .waitFor();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("heading", { name: "type5" }).waitFor();
    expect(bodyOf("POST /machine-types")).toEqual({
      name: "type5",
      spec: { nodeSelector: { matchLabels: { pool: "new" } }, features: ["cpu:zen4"] },
    });
  });

  test("the API server's words stand beside the fields that they are about", async () => {
    const { page } = await site.open("#/new-machine-type");
    await page.getByLabel("Name", { exact: true }).fill("Not Good");
    const features = page.getByRole("combobox", { name: "Features" });
    for (const feature of ["cpu:zen4", "nonsense"]) {
      await features.fill(feature);
      await page.keyboard.press("Enter");
    }
    await page.getByText("Priority, platform and other fields").click();
    await page.getByLabel("Priority").fill("high");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").getByText("The API server refuses it.").waitFor();
    const describedAs = (label: string) =>
      page.getByLabel(label, { exact: true }).evaluate((own) =>
        (own.getAttribute("aria-describedby") ?? "")
          .split(" ")
          .map((id) => document.getElementById(id)?.textContent)
          .join(),
      );
    expect(await describedAs("Name")).toContain("a name has small letters");
    expect(await describedAs("Features")).toContain("nonsense: a feature is NAMESPACE:VALUE");
    expect(await describedAs("Priority")).toContain("must be of type integer");
    expect(await page.getByLabel("Name", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  });

  test("other fields that are no JSON are not sent, and said to be none", async () => {
    const { page } = await site.open("#/machine-types/type1/edit");
    await page.getByText("Priority, platform and other fields").click();
    await page.getByLabel("Other fields").fill("{");
    await page.getByText("This is not the JSON of an object").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    expect(bodyOf("PUT /machine-types/type1")).toBeUndefined();
  });

  test("of two people who edit at once nobody loses anything", async () => {
    const { page } = await site.open("#/machine-types/h100/edit");
    await page.getByRole("combobox", { name: "Features" }).fill("cpu:zen5");
    await page.keyboard.press("Enter");
    const theirs = { nodeSelector: { matchLabels: { pool: "gpu" } }, features: ["fabric:efa"], priority: 7 };
    saved(site.fixture, { name: "h100", spec: theirs }, "2");
    await page.getByRole("button", { name: "Save" }).click();
    const dialog = page.getByRole("dialog", { name: "Somebody else has changed h100" });
    const field = dialog.getByRole("group", { name: "features" });
    await field.getByText("both changed it").waitFor();
    await field.getByText("fabric:efa").first().waitFor();
    expect(await field.getByRole("radio", { name: "Both" }).isChecked()).toBe(true);
    expect(
      await dialog.getByRole("group", { name: "priority" }).getByRole("radio", { name: "Theirs" }).isChecked(),
    ).toBe(true);
    await dialog.getByRole("button", { name: "Take these" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Machine types" }).waitFor();
    expect(bodyOf("PUT /machine-types/h100")).toEqual({
      name: "h100",
      resourceVersion: "2",
      spec: { ...theirs, features: ["fabric:efa", "cpu:zen5"] },
    });
  });

  test("where both changed one value, nothing is taken before somebody chose", async () => {
    const { page } = await site.open("#/machine-types/h100/edit");
    await page.getByText("Priority, platform and other fields").click();
    await page.getByLabel("Priority", { exact: true }).fill("3");
    const { spec } = site.fixture.machineTypes.get("h100") ?? { spec: {} };
    saved(site.fixture, { name: "h100", spec: { ...spec, priority: 7 } }, "2");
    await page.getByRole("button", { name: "Save" }).click();
    const dialog = page.getByRole("dialog", { name: "Somebody else has changed h100" });
    const field = dialog.getByRole("group", { name: "priority" });
    await field.getByText("both changed it").waitFor();
    expect(await field.getByRole("radio").count()).toBe(2);
    expect(await field.getByRole("radio", { checked: true }).count()).toBe(0);
    const take = dialog.getByRole("button", { name: "Take these" });
    expect(await take.getAttribute("aria-disabled")).toBe("true");
    await take.click({ force: true });
    await dialog.getByText("Choose in each field that both changed.").waitFor();
    await field.getByRole("radio", { name: "Theirs" }).check();
    await take.click();
    await dialog.waitFor({ state: "detached" });
    expect(await page.getByLabel("Priority", { exact: true }).inputValue()).toBe("7");
  });

  test("what was begun is there again after the session ended in between, for the same person", async () => {
    const { page } = await site.open("#/new-machine-type");
    await page.getByLabel("Name", { exact: true }).fill("half-done");
    site.fixture.user = undefined;
    site.fixture.instead.set("POST /machine-types", {
      ...{ type: "about:blank", title: "Signed out", status: 401, detail: "Your session has ended." },
    });
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("Your session has ended. Sign in again").waitFor();
    await page.getByLabel("User").fill("anna");
    await page.getByLabel("Password").fill("right");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("You had begun this earlier.").waitFor();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("half-done");
  });

  test("deleting says what it would change, and Escape keeps it", async () => {
    const { page } = await site.open();
    await page.getByRole("button", { name: "Delete h100" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete h100?" });
    await dialog.getByText("8 nodes go from h100 to no machine type").waitFor();
    await dialog.getByText("12 running Pods").waitFor();
    await dialog.getByText("2 credentials end").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(site.fixture.machineTypes.has("h100")).toBe(true);
    await page.getByRole("button", { name: "Delete h100" }).click();
    await page.getByRole("button", { name: "Delete h100 now" }).click();
    await expect.poll(() => page.getByRole("heading", { name: "h100" }).count()).toBe(0);
  });

  test("of what nobody could count a deletion's dialog promises nothing", async () => {
    const warning = "You may not see nodes, so it cannot be said which ones this catches.";
    site.fixture.preview = {
      ...{ nodes: 0, names: [], moved: [], features: [], refused: [], warnings: [warning], pods: 0, credentials: 0 },
    };
    const { page } = await site.open();
    await page.getByRole("button", { name: "Delete h100" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete h100?" });
    await dialog.getByText(warning).waitFor();
    await dialog.getByText("Known is: no credential ends.").waitFor();
    expect(await dialog.textContent()).not.toMatch(/no node is of this type|no running Pod/);
  });

  test("a secret is shown once, with its lines, and is nowhere after", async () => {
    const { page } = await site.open("#/machine-types/type1/credentials");
    await page.getByRole("button", { name: "New credential" }).click();
    await page.getByLabel("Name", { exact: true }).fill("BAD NAME");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByText("a name has small letters, digits and hyphens").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("login-2");
    await page.getByRole("button", { name: "Make it" }).click();
    const dialog = page.getByRole("dialog", { name: "The secret of login-2" });
    await dialog.getByText(/^mh_/).waitFor();
    await dialog.getByText("podman", { exact: true }).click();
    await dialog.getByText(/\| podman login -u qnib-login-2/).waitFor();
    // Nobody closes it by chance.
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("rowheader", { name: "login-2" }).waitFor();
    expect(await page.content()).not.toContain("mh_");
  });

  test("the secret is copied whole", async () => {
    const { page } = await site.open("#/machine-types/type1/credentials", {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.getByRole("button", { name: "Rotate login-1" }).click();
    await page.getByLabel("The former secret").selectOption("3600");
    await page.getByRole("button", { name: "Rotate login-1 now" }).click();
    await page.getByRole("button", { name: "Copy the secret" }).click();
    await page.getByRole("status").getByText("Copied").waitFor({ state: "attached" });
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^mh_(s3cr3t){7}$/);
    expect(bodyOf("POST /machine-types/type1/credentials/login-1:rotate")).toEqual({ overlapSeconds: 3600 });
  });

  test("a revoked credential is seen to be one", async () => {
    const { page } = await site.open("#/machine-types/type1/credentials");
    await page.getByRole("button", { name: "Revoke ci" }).click();
    await page.getByRole("button", { name: "Revoke ci now" }).click();
    await page.getByRole("row", { name: /^ci/ }).getByText("revoked").waitFor();
    expect(site.fixture.asked.some(({ line }) => line === "DELETE /machine-types/type1/credentials/ci")).toBe(true);
  });

  test("the whole story is told without a mouse", async () => {
    site.fixture.user = undefined;
    const { page } = await site.open();
    /** Tabs to what has this name, as somebody would who reads each. */
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let tabs = 0; tabs < 80; tabs++) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(() => {
          const { activeElement } = document;
          const label = activeElement instanceof HTMLInputElement ? activeElement.labels?.[0]?.textContent : undefined;
          return label ?? activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "";
        });
        if (name.test(focused)) return;
      }
      throw new Error(`no way to ${name} by Tab`);
    };
    await tabTo(/^User/);
    await page.keyboard.type("anna");
    await page.keyboard.press("Tab");
    await page.keyboard.type("right\n");
    await page.getByRole("heading", { name: "type1" }).waitFor();
    await tabTo(/^Add$/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Add a machine type");
    await tabTo(/^Name/);
    await page.keyboard.type("by-keys");
    await tabTo(/^Features/);
    await page.keyboard.type("zen5");
    await page.getByRole("option", { name: /cpu:zen5/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove cpu:zen5" }).waitFor();
    await tabTo(/^Add$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "by-keys" }).waitFor();
    await tabTo(/^Credentials of by-keys/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Credentials of by-keys");
    // Until the list is there, nobody knows whether a credential may be made.
    const ready = page.getByRole("button", { name: /^New credential/, disabled: false });
    await ready.waitFor();
    await tabTo(/^New credential/);
    await page.keyboard.press("Enter");
    await tabTo(/^Name/);
    await page.keyboard.type("keys\n");
    await page.getByText(/^mh_/).waitFor();
    await tabTo(/^I have kept it/);
    await page.keyboard.press("Enter");
    await page.getByRole("rowheader", { name: "keys" }).waitFor();
    await tabTo(/^Sign out/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Sign in to MetaHub" }).waitFor();
  });
});
