import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type ChromiumFound, launchChromium } from "./chromium.ts";
import { PagesFixture } from "./fixture.ts";
import { type OpenPage, watchPage } from "./watched.ts";

/** A fixture for each test and a browser for all of a file. To be called where tests are declared. */
export class PagesSite {
  fixture = new PagesFixture();
  url = "";
  #browser: Browser | undefined;
  readonly #opened: OpenPage[] = [];

  constructor(found: ChromiumFound) {
    beforeAll(async () => {
      this.#browser = await launchChromium(found);
    }, 60_000);
    afterAll(() => this.#browser?.close());
    beforeEach(async () => {
      this.fixture = new PagesFixture();
      this.url = await this.fixture.start();
    });
    afterEach(async () => {
      const opened = this.#opened.splice(0);
      await Promise.all(opened.map(({ page }) => page.context().close()));
      await this.fixture.close();
      expect(this.fixture.broken).toEqual([]);
      expect(opened.flatMap(({ faults, foreign }) => [...faults, ...foreign])).toEqual([]);
    });
  }

  /** `at`: a fragment, `#/nodes`. Resolves when the page has its heading. */
  async open(at = "", options: BrowserContextOptions = {}): Promise<OpenPage> {
    if (this.#browser === undefined) throw new Error("the browser has not started");
    const context = await this.#browser.newContext({
      viewport: { width: 1200, height: 800 },
      locale: "en-US",
      ...options,
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const opened = watchPage(page, this.url);
    this.#opened.push(opened);
    await page.goto(`${this.url}/${at}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return opened;
  }
}
