import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { findChromium } from "../support/console/pages/chromium.ts";
import { crowded, emptied } from "../support/console/pages/crowds.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";
import { pictures } from "./pages.ts";

const widths = [360, 960, 1920];

/** Words of elements that begin on one line and end on another. Runs in the page. */
function wordsOnTwoLines(elements: readonly Element[]): string[] {
  const found: string[] = [];
  const look = (text: Node): void => {
    for (const { index, 0: word } of (text.textContent ?? "").matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word);
    }
  };
  for (const element of elements) {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) look(text);
  }
  return found;
}

describeWith(findChromium(), "looks of the console", (found) => {
  const site = new PagesSite(found);
  const openAt = async (at: string, width: number): Promise<Page> => {
    const { page } = await site.open(at, { viewport: { width, height: 800 } });
    await expect.poll(() => page.getByText(/^Reading /).count()).toBe(0);
    return page;
  };
  const wide = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth);

  test.each(pictures.flatMap((picture) => widths.map((width) => ({ ...picture, width }))))(
    "$name is no wider than $width px, however much there is, and however long",
    async ({ at, act, signedOut, width }) => {
      crowded(site.fixture);
      if (signedOut) site.fixture.user = undefined;
      const page = await openAt(at(site.fixture), width);
      await act?.(page);
      expect(await wide(page)).toBeLessThanOrEqual(width);
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll("table:not(.matrix), .longbox > [role=table], dialog")]
          .filter(({ scrollWidth, parentElement }) => scrollWidth > (parentElement?.clientWidth ?? 0) + 1)
          .slice(0, 3)
          .map(({ outerHTML }) => outerHTML.slice(0, 80)),
      );
      expect(cut).toEqual([]);
    },
  );

  test.each([
    ["cluster", "machine-types", "Add the first one"],
    ["cluster", "nodes", "They appear here as soon as they join the cluster"],
    ["cluster", "running", "Label a namespace to opt in"],
    ["cluster", "manifest-lists", "Make one with kubectl"],
    ["cluster", "images?image=a", "Add a machine type"],
    ["folder", "nodes", "put manifests of nodes into it"],
    ["folder", "running", "A folder has no Pods"],
    ["folder", "manifest-lists", "Put one into the folder"],
  ])("in an empty %s, %s says what to do next", async (kind, place, words) => {
    emptied(site.fixture);
    site.fixture.place = kind === "folder" ? { kind, writable: true } : { kind: "cluster" };
    const page = await openAt(`#/${place}`, 960);
    await page.getByText(words).waitFor();
  });

  test.each([360, 960, 1200])("what one does with a card stands on one line, at %s px", async (width) => {
    const page = await openAt("", width);
    for (const name of ["h100", "login", "type1"]) {
      const tops = await Promise.all(
        [`Edit ${name}`, `YAML of ${name}`, `Delete ${name}`].map(async (label) => {
          const found = page.getByRole("link", { name: label }).or(page.getByRole("button", { name: label }));
          return (await found.boundingBox())?.y;
        }),
      );
      expect(new Set(tops).size).toBe(1);
      const credentials = await page.getByRole("link", { name: `Credentials of ${name}` }).boundingBox();
      if (width > 360) expect(credentials?.y).toBe(tops[0]);
    }
  });

  test.each(widths)("headings of the matrix break between words alone, at %s px", async (width) => {
    const page = await openAt("#/images?image=qnib%2Fbench", width);
    const broken = await page.locator(".matrix thead th").evaluateAll(wordsOnTwoLines);
    expect(broken).toEqual([]);
    await page.getByRole("columnheader", { name: /nvcap:9.0 or nvptx:9.0/ }).waitFor();
  });

  test("on a narrow screen the name of the page that one is on is in view", async () => {
    const page = await openAt("#/manifest-lists", 360);
    const box = await page.getByRole("link", { name: "Manifest lists" }).boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  });
});
