// The console's page in Chromium: its bytes, how soon it is there and answers, and the Nodes page with 10,000 nodes. The
// answers come from a fixture in this process: what is measured is the page. Run: npm run bench -- console
import { renderTable } from "../../src/cli/terminal/table.ts";
import { build } from "../demo/bundle.ts";
import { findChromium, launchChromium } from "../support/console/pages/chromium.ts";
import { PagesFixture } from "../support/console/pages/fixture.ts";
import { sampleNodes } from "../support/console/pages/samples.ts";
import { scrollNodes, sizesOf, visit } from "./console/measure.ts";
import { median } from "./load.ts";

const rounds = 5;
const nodes = 10_000;
const mostScript = 80_000;

const found = findChromium();
if ("skip" in found) {
  console.error(`${found.skip}: apt-get install ${found.packages.join(" ")}`);
  process.exit(1);
}
await build();
const sizes = await sizesOf();
console.log(
  renderTable({
    columns: [
      { header: "FILE" },
      ...["BYTES", "BROTLI", "GZIP"].map((header) => ({ header, align: "right" as const })),
    ],
    rows: sizes.map(({ kind, plain, brotli, gzip }) => [kind, plain, brotli, gzip]),
  }),
);
const fixture = new PagesFixture();
fixture.nodes = sampleNodes(nodes);
const url = await fixture.start();
const browser = await launchChromium(found);
try {
  const visits = [];
  // The first one starts the browser's processes.
  for (let round = 0; round <= rounds; round++) visits.push(await visit(browser, url));
  const warm = visits.slice(1);
  console.log(
    `first load, empty cache: rows after ${ms(median(warm.map(({ shown }) => shown)))}, a search answered after`,
  );
  console.log(`${ms(median(warm.map(({ answers }) => answers)))} (medians of ${rounds})`);
  const { shown, frames, last } = await scrollNodes(browser, url, `node-${nodes}`, 300);
  const at = (share: number): string => ms(frames[Math.floor((frames.length - 1) * share)] ?? 0);
  console.log(
    `${nodes} nodes: rows after ${ms(shown)}; scrolled to the end in 300 frames: p50 ${at(0.5)}, p95 ${at(0.95)},`,
  );
  console.log(`longest ${at(1)}; the last row ${ms(last)} later`);
} finally {
  await browser.close();
  await fixture.close();
}
const script = sizes.find(({ kind }) => kind.endsWith(".js"))?.gzip ?? Number.POSITIVE_INFINITY;
console.log(`${script < mostScript ? "met   " : "MISSED"} script ${script} bytes compressed (under ${mostScript})`);
if (script >= mostScript) process.exitCode = 1;

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
