import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { namespaces } from "./namespace.ts";
import { createOffer, satisfies } from "./offer.ts";
import { parseFeature } from "./parse.ts";
import { compareAccelerator } from "./rank.ts";

const page = readFileSync(new URL("../../docs/features.md", import.meta.url), "utf8");
const rows = [...namespaces].map(([name, { example }]) => [name, parseFeature(`${name}:${example}`)] as const);

test.each(rows)("a machine that offers the example of %s runs what requires it", (name, feature) => {
  const os = name === "os.version" ? "windows" : "linux";
  // A device is named by its machine code alone; that it compiles PTX follows.
  const offered = name === "nvptx" ? parseFeature(`nvcap:${feature.value}`) : feature;
  const offer = createOffer({ os, architecture: "amd64" }, [offered]);
  expect(satisfies(offer, feature)).toBe(true);
});

test.each(rows)("%s stands in the table of namespaces for users", (name) => {
  expect(page).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|.*\\|$`, "m"));
});

test("each two namespaces of accelerators have an order, which is not that of the table", () => {
  const accelerators = rows.filter(([name]) => namespaces.get(name)?.class === "accelerator");
  for (const [name, feature] of accelerators) {
    for (const [other, against] of accelerators) {
      const codeOfOneDevice = new Set([name, other, "nvcap", "nvptx"]).size === 2;
      if (name === other || codeOfOneDevice) continue;
      expect([name, other, Math.sign(compareAccelerator(feature, against))]).not.toContain(0);
      expect(Math.sign(compareAccelerator(feature, against))).toBe(-Math.sign(compareAccelerator(against, feature)));
    }
  }
});
