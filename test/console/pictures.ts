// Pictures of each page of the console in light and dark, to be looked at.
//   npm run pictures                 those of docs/console.md, as WebP, into docs/pictures/console
//   npm run pictures -- look FOLDER [PAGE…]  these pages, or all, empty, as usual and crowded, at three widths, as PNG
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "../demo/bundle.ts";
import { findChromium, launchChromium } from "../support/console/pages/chromium.ts";
import { crowded, emptied } from "../support/console/pages/crowds.ts";
import { PagesFixture } from "../support/console/pages/fixture.ts";
import { sampleNodes, sampleNow } from "../support/console/pages/samples.ts";
import { type Picture, pictures } from "./pages.ts";

const schemes = ["light", "dark"] as const;

interface Shot {
  readonly picture: Picture;
  readonly scheme: (typeof schemes)[number];
  readonly width: number;
  readonly height: number;
  /** Changes what the page gets to show. */
  readonly fill: (fixture: PagesFixture) => void;
}

/** A page as it is at the samples' moment. `keep` gets it once it stands still. */
async function shoot(browser: Browser, shot: Shot, keep: (page: Page) => Promise<void>): Promise<void> {
  const { picture, scheme, width, height, fill } = shot;
  const fixture = new PagesFixture();
  fill(fixture);
  if (picture.signedOut) fixture.user = undefined;
  const url = await fixture.start();
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: "en-GB",
    timezoneId: "UTC",
  });
  try {
    const page = await context.newPage();
    await page.clock.setFixedTime(sampleNow);
    await page.goto(`${url}/${picture.at(fixture)}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => !document.body.textContent.includes("Reading "));
    await picture.act?.(page);
    await keep(page);
    for (const broken of fixture.broken) console.error(broken);
  } finally {
    await context.close();
    await fixture.close();
  }
}

/** WebP of this quality is a third of a PNG's size, and its text as sharp to the eye. */
const quality = 80;

async function webp(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
  return Buffer.from(data, "base64");
}

async function forDocs(browser: Browser, folder: string): Promise<void> {
  for (const picture of pictures)
    for (const scheme of schemes) {
      const fill = (fixture: PagesFixture): void => {
        fixture.nodes = sampleNodes(10_000);
      };
      const file = join(folder, `${picture.name}-${scheme}.webp`);
      await shoot(browser, { picture, scheme, width: 960, height: 640, fill }, async (page) => {
        await writeFile(file, await webp(page));
      });
      console.log(file);
    }
}

async function forLooking(browser: Browser, folder: string, names: readonly string[]): Promise<void> {
  const fills = { empty: emptied, usual: () => undefined, crowded };
  for (const picture of pictures.filter((each) => names.length === 0 || names.includes(each.name)))
    for (const [name, fill] of Object.entries(fills)) {
      if (name === "empty" && picture.needs) continue;
      for (const width of [360, 960, 1920])
        for (const scheme of schemes) {
          const file = join(folder, `${picture.name}-${name}-${width}-${scheme}.png`);
          await shoot(browser, { picture, scheme, width, height: 900, fill }, async (page) => {
            await writeFile(file, await page.screenshot());
          });
        }
      console.log(`${picture.name}, ${name}`);
    }
}

const found = findChromium();
if ("skip" in found) {
  console.error(`${found.skip}: apt-get install ${found.packages.join(" ")}`);
  process.exit(1);
}
await build();
const browser = await launchChromium(found);
try {
  const [what, into, ...names] = process.argv.slice(2);
  const folder = into ?? join(import.meta.dirname, "../../docs/pictures/console");
  await mkdir(folder, { recursive: true });
  if (what === "look") await forLooking(browser, folder, names);
  else await forDocs(browser, folder);
} finally {
  await browser.close();
}
