import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { saved } from "../support/console/pages/answers.ts";
import { findChromium } from "../support/console/pages/chromium.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface State {
  readonly name: string;
  readonly at: string;
  readonly signedOut?: true;
  /** A page that is empty. */
  readonly empty?: true;
  readonly act?: (page: Page, site: PagesSite) => Promise<void>;
}

const states: readonly State[] = [
  { name: "signing in", at: "", signedOut: true },
  {
    name: "a refused sign-in",
    at: "",
    signedOut: true,
    act: async (page) => {
      await page.getByLabel("User").fill("anna");
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "machine types", at: "" },
  { name: "no machine types", at: "", empty: true },
  {
    name: "a deletion",
    at: "",
    act: async (page) => {
      await page.getByRole("button", { name: "Delete h100" }).click();
      await page.getByText("This changes:").waitFor();
    },
  },
  {
    name: "YAML",
    at: "",
    act: async (page) => {
      await page.getByRole("button", { name: "YAML of h100" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "a form with errors and an open list",
    at: "#/new-machine-type",
    act: async (page) => {
      await page.getByRole("combobox", { name: "Features" }).fill("nonsense");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Another condition" }).click();
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("alert").waitFor();
      await page.getByRole("combobox", { name: "Features" }).fill("zen");
      await page.getByRole("option", { name: /zen/ }).first().waitFor();
      await page.keyboard.press("ArrowDown");
    },
  },
  {
    name: "a conflict",
    at: "#/machine-types/h100/edit",
    act: async (page, { fixture }) => {
      await page.getByRole("combobox", { name: "Features" }).fill("cpu:zen5");
      await page.keyboard.press("Enter");
      saved(fixture, { name: "h100", spec: { nodeSelector: {}, features: ["cpu:zen3"] } }, "2");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "credentials", at: "#/machine-types/type1/credentials" },
  {
    name: "a new credential, and its secret",
    at: "#/machine-types/type1/credentials",
    act: async (page) => {
      await page.getByRole("button", { name: "New credential" }).click();
      await page.getByLabel("Name", { exact: true }).fill("one");
      await page.getByRole("button", { name: "Make it" }).click();
      await page.getByText("docker", { exact: true }).click();
    },
  },
  { name: "no image yet", at: "#/images" },
  { name: "a matrix", at: "#/images?image=qnib%2Fbench" },
  { name: "nodes", at: "#/nodes" },
  { name: "no nodes", at: "#/nodes", empty: true },
  {
    name: "a node",
    at: "#/nodes",
    act: async (page) => {
      await page.getByRole("button", { name: "node-00011" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "running", at: "#/running" },
  { name: "manifest lists", at: "#/manifest-lists" },
  { name: "no manifest lists", at: "#/manifest-lists", empty: true },
  { name: "nowhere", at: "#/nowhere" },
  {
    name: "a lost connection",
    at: "#/nodes",
    act: async (page, { fixture }) => {
      await expect.poll(() => fixture.streams).toBe(1);
      fixture.tell({ event: "lost", detail: "The API server does not answer." });
      await page.getByText("Not live.").waitFor();
    },
  },
];

describeWith(findChromium(), "axe", (found) => {
  const site = new PagesSite(found);

  test.each(
    states.flatMap((state) =>
      [
        { colorScheme: "light" as const, width: 1200 },
        { colorScheme: "dark" as const, width: 360 },
      ].map((look) => ({ ...state, ...look })),
    ),
  )("finds nothing on $name, $colorScheme, $width px", async ({ at, signedOut, empty, act, colorScheme, width }) => {
    if (signedOut) site.fixture.user = undefined;
    if (empty) Object.assign(site.fixture, { machineTypes: new Map(), nodes: [], lists: [] });
    const { page } = await site.open(at, { colorScheme, viewport: { width, height: 800 } });
    await expect.poll(() => page.getByText(/^Reading /).count()).toBe(0);
    await act?.(page, site);
    await page.evaluate(axe);
    const results: AxeResults = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
    expect(results.passes.length).toBeGreaterThan(5);
    expect(
      results.violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => html + (any[0]?.message ?? "")).join("\n")}`,
      ),
    ).toEqual([]);
  });
});
