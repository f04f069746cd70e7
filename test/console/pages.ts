import type { Page } from "playwright-core";
import type { PagesFixture } from "../support/console/pages/fixture.ts";

/** A page, or a dialog on it, that is worth a picture. */
export interface Picture {
  readonly name: string;
  /** The fragment of its address. */
  readonly at: (fixture: PagesFixture) => string;
  readonly signedOut?: true;
  /** Whether it shows something that must be there. */
  readonly needs?: true;
  /** Leads to what is shown, once the page is there. */
  readonly act?: (page: Page) => Promise<void>;
}

const type = (fixture: PagesFixture, usual: string): string =>
  fixture.machineTypes.has(usual) ? usual : ([...fixture.machineTypes.keys()][1] ?? usual);
const first = (page: Page, name: RegExp) => page.getByRole("button", { name }).first();

export const pictures: readonly Picture[] = [
  { name: "sign-in", at: () => "", signedOut: true },
  { name: "machine-types", at: () => "#/machine-types" },
  {
    name: "yaml",
    at: () => "#/machine-types",
    needs: true,
    act: async (page) => {
      await first(page, /^YAML of/).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "edit",
    at: (fixture) => `#/machine-types/${type(fixture, "h100")}/edit`,
    needs: true,
    act: async (page) => {
      await page.getByText(/^[\d,.]+ nodes$/).waitFor();
      await page.getByRole("combobox", { name: "Features" }).fill("zen");
      await page.getByRole("option").first().waitFor();
      await page.keyboard.press("ArrowDown");
    },
  },
  {
    name: "delete",
    at: () => "#/machine-types",
    needs: true,
    act: async (page) => {
      await first(page, /^Delete /).click();
      await page.getByText("This changes:").waitFor();
    },
  },
  { name: "credentials", at: (fixture) => `#/machine-types/${type(fixture, "type1")}/credentials` },
  {
    name: "secret",
    at: (fixture) => `#/machine-types/${type(fixture, "type1")}/credentials`,
    act: async (page) => {
      await page.getByRole("button", { name: "New credential" }).click();
      await page.getByLabel("Name", { exact: true }).fill("login-2");
      await page.getByRole("button", { name: "Make it" }).click();
      await page.getByText("docker", { exact: true }).click();
    },
  },
  { name: "images", at: () => "#/images?image=qnib%2Fbench" },
  { name: "nodes", at: () => "#/nodes" },
  {
    name: "node",
    at: () => "#/nodes",
    needs: true,
    act: async (page) => {
      await page.getByRole("button", { name: "node-00011" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "running", at: () => "#/running" },
  { name: "manifest-lists", at: () => "#/manifest-lists" },
];
