// `npm run pictures [-- FOLDER]`: each page of the console in light and dark, into docs/pictures/console. To be looked at.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "../demo/bundle.ts";
import { findChromium, launchChromium } from "../support/console/pages/chromium.ts";
import { PagesFixture } from "../support/console/pages/fixture.ts";
import { sampleNodes, sampleNow } from "../support/console/pages/samples.ts";

interface Picture {
  readonly name: string;
  readonly at: string;
  readonly signedOut?: true;
  /** Leads to what is shown, once the page is there. */
  readonly act?: (page: Page) => Promise<void>;
}

const pictures: readonly Picture[] = [
  { name: "sign-in", at: "", signedOut: true },
  { name: "machine-types", at: "#/machine-types" },
  {
    name: "edit",
    at: "#/machine-types/h100/edit",
    act: async (page) => {
      await page.getByText("8 nodes", { exact: true }).waitFor();
      await page.getByRole("combobox", { name: "Features" }).fill("zen");
      await page.getByRole("option").first().waitFor();
      await page.keyboard.press("ArrowDown");
    },
  },
  { name: "credentials", at: "#/machine-types/type1/credentials" },
  { name: "images", at: "#/images?image=qnib%2Fbench" },
  { name: "nodes", at: "#/nodes" },
  { name: "running", at: "#/running" },
  { name: "manifest-lists", at: "#/manifest-lists" },
];
const width = 960;
const height = 640;

export async function takePictures(browser: Browser, url: string, fixture: PagesFixture, folder: string) {
  await mkdir(folder, { recursive: true });
  const taken: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      locale: "en-GB",
      timezoneId: "UTC",
    });
    for (const { name, at, signedOut, act } of pictures) {
      fixture.user = signedOut ? undefined : "anna";
      const page = await context.newPage();
      await page.clock.setFixedTime(sampleNow);
      await page.goto(`${url}/${at}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle").catch(() => undefined);
      await act?.(page);
      const file = join(folder, `${name}-${colorScheme}.png`);
      await writeFile(file, await page.screenshot());
      taken.push(file);
      await page.close();
    }
    await context.close();
  }
  return taken;
}

if (import.meta.filename === process.argv[1]) {
  const found = findChromium();
  if ("skip" in found) {
    console.error(`${found.skip}: apt-get install ${found.packages.join(" ")}`);
    process.exit(1);
  }
  await build();
  const fixture = new PagesFixture();
  fixture.nodes = sampleNodes(10_000);
  const url = await fixture.start();
  const browser = await launchChromium(found);
  try {
    const folder = process.argv[2] ?? join(import.meta.dirname, "../../docs/pictures/console");
    for (const file of await takePictures(browser, url, fixture, folder)) console.log(file);
    for (const broken of fixture.broken) console.error(broken);
  } finally {
    await browser.close();
    await fixture.close();
  }
}
