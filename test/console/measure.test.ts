import { expect, test } from "vitest";
import { scrollNodes, sizesOf, visit } from "../bench/console/measure.ts";
import { findChromium, launchChromium } from "../support/console/pages/chromium.ts";
import { PagesFixture } from "../support/console/pages/fixture.ts";
import { sampleNodes } from "../support/console/pages/samples.ts";
import { describeWith } from "../support/describe-with.ts";

test("the benchmark knows each file of the page, and what it is compressed", async () => {
  const sizes = await sizesOf();
  expect(sizes.map(({ kind }) => kind.split(".").at(-1)).sort()).toEqual(["css", "html", "js", "svg"]);
  for (const { plain, brotli } of sizes) expect(brotli).toBeLessThan(plain);
});

describeWith(findChromium(), "the benchmark of the console", (found) => {
  test("sees rows, answers and frames", async () => {
    const fixture = new PagesFixture();
    fixture.nodes = sampleNodes(1200);
    const url = await fixture.start();
    const browser = await launchChromium(found);
    try {
      const { shown, answers } = await visit(browser, url);
      expect(answers).toBeGreaterThan(shown);
      const { frames } = await scrollNodes(browser, url, "node-01200", 10);
      expect(frames).toHaveLength(10);
    } finally {
      await browser.close();
      await fixture.close();
    }
  });
});
