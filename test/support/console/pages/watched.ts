import type { Page } from "playwright-core";

/** A page of the console in a browser of its own state, and what it must not do. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of the page, and what its policy forbade. */
  readonly faults: string[];
  /** Requests to anywhere but the console. */
  readonly foreign: string[];
}

/** Writes down what a page must not do, from now on. @param origin the console's */
export function watchPage(page: Page, origin: string): OpenPage {
  const opened: OpenPage = { page, faults: [], foreign: [] };
  page.on("pageerror", (error) => opened.faults.push(error.message));
  page.on("dialog", (dialog) => opened.faults.push(`a dialog: ${dialog.message()}`));
  page.on("console", (message) => {
    // A refused answer is told by the browser, too; the test says whether it was right.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      opened.faults.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) opened.foreign.push(request.url());
  });
  return opened;
}
