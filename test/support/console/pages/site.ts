import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type ChromiumFound, launchChromium } from "./chromium.ts";
import { PagesFixture } from "./fixture.ts";

/** A page of the console in a browser of its own state, and what it must not do. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of the page, and what its policy forbade. */
  readonly faults: string[];
  /** Requests to anywhere but the console. */
  readonly foreign: string[];
}

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
    const opened: OpenPage = { page, faults: [], foreign: [] };
    this.#opened.push(opened);
    page.on("pageerror", (error) => opened.faults.push(error.message));
    page.on("dialog", (dialog) => opened.faults.push(`a dialog: ${dialog.message()}`));
    page.on("console", (message) => {
      // A refused answer is told by the browser, too; the test says whether it was right.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        opened.faults.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${this.url}/`)) opened.foreign.push(request.url());
    });
    await page.goto(`${this.url}/${at}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return opened;
  }
}
