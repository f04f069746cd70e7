import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const docs = join(import.meta.dirname, "../../docs");
const folder = join(docs, "pictures/console");
/** Bytes: a reader on a slow line sees twelve of them. */
const most = 48_000;

test("docs/console.md shows each page in light and dark, and each picture is there and small", () => {
  const shown = [...readFileSync(join(docs, "console.md"), "utf8").matchAll(/(?:src|srcset)="([^"]+)"/g)];
  const paths = shown.map(([, path = ""]) => path).sort();
  const held = readdirSync(folder).map((file) => `pictures/console/${file}`);
  expect(paths).toEqual(held.sort());
  const pictures = readFileSync(join(import.meta.dirname, "../console/pages.ts"), "utf8");
  const names = [...pictures.matchAll(/name: "([a-z-]+)",/g)].map(([, name]) => name);
  const both = names.flatMap((name) => ["light", "dark"].map((scheme) => `pictures/console/${name}-${scheme}.webp`));
  expect(paths).toEqual(both.sort());
  for (const path of held) expect([path, statSync(join(docs, path)).size < most]).toEqual([path, true]);
});
