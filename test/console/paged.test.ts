import { expect, test } from "vitest";
import { findChromium } from "../support/console/pages/chromium.ts";
import { sampleNodes, typeOf } from "../support/console/pages/samples.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";

describeWith(findChromium(), "long lists of the console", (found) => {
  const site = new PagesSite(found);

  test("what changes while a page of a list is being read appears all the same", async () => {
    const { page } = await site.open();
    await page.getByRole("heading", { name: "type1" }).waitFor();
    await expect.poll(() => site.fixture.streams).toBe(1);
    const read = Promise.withResolvers<void>();
    const arrives = Promise.withResolvers<void>();
    await page.route(
      /\/api\/v1\/nodes\?/,
      async (route) => {
        // The answer of before the change, which arrives after it.
        const response = await route.fetch();
        read.resolve();
        await arrives.promise;
        await route.fulfill({ response });
      },
      { times: 1 },
    );
    await page.getByRole("link", { name: "Nodes", exact: true }).click();
    await read.promise;
    // The page's list of types follows the same change: it is there when the long list has been told.
    const types = page.getByLabel("Machine type", { exact: true });
    await types.getByRole("option", { name: "type1" }).waitFor({ state: "attached" });
    site.fixture.nodes = sampleNodes(61);
    site.fixture.machineTypes.set("new-one", typeOf("new-one", { features: [] }));
    site.fixture.tell({ event: "changed", kind: "machine-types", names: ["new-one"] });
    await types.getByRole("option", { name: "new-one" }).waitFor({ state: "attached" });
    arrives.resolve();
    await page.getByText("61 rows").waitFor();
  });
});
