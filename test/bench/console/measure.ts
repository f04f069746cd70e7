import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";

const dist = join(import.meta.dirname, "../../../dist/console");

/** Bytes of the page's files, by their kind, as they are and as browsers get them. */
export interface Sizes {
  readonly kind: string;
  readonly plain: number;
  readonly brotli: number;
  readonly gzip: number;
}

export async function sizesOf(): Promise<readonly Sizes[]> {
  const names = await readdir(dist);
  const bytes = async (name: string): Promise<number> => (await stat(join(dist, name))).size;
  const plain = names.filter((name) => /\.(html|js|css|svg)$/.test(name)).sort();
  return await Promise.all(
    plain.map(async (name) => ({
      kind: name,
      plain: await bytes(name),
      brotli: await bytes(`${name}.br`),
      gzip: await bytes(`${name}.gz`),
    })),
  );
}

/** Milliseconds of one visit. */
export interface Visit {
  /** From the address to the page's first rows. */
  readonly shown: number;
  /** From the address until the page answers a key press: a search that has an effect. */
  readonly answers: number;
}

/** Visits the machine types with an empty cache. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  try {
    const page = await context.newPage();
    const began = performance.now();
    await page.goto(url, { waitUntil: "commit" });
    await page.getByRole("heading", { level: 2 }).first().waitFor();
    const shown = performance.now() - began;
    await page.getByLabel("Search").pressSequentially("zen4");
    await page.getByText(/^\d+ of \d+$/).waitFor();
    return { shown, answers: performance.now() - began };
  } finally {
    await context.close();
  }
}

/** Frames while a table is scrolled from its top to its end. */
export interface Scrolling {
  /** Milliseconds from the address to the first rows. */
  readonly shown: number;
  /** Milliseconds between frames, the longest last. */
  readonly frames: readonly number[];
  /** Milliseconds from the end of scrolling until the last row is there. */
  readonly last: number;
}

/** Scrolls the Nodes page to its end, in steps of a frame each. `lastNode`: the name in the last row. */
export async function scrollNodes(browser: Browser, url: string, lastNode: string, steps: number): Promise<Scrolling> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  try {
    const page = await context.newPage();
    const began = performance.now();
    await page.goto(`${url}/#/nodes`, { waitUntil: "commit" });
    await page
      .getByRole("button", { name: /^node-/ })
      .first()
      .waitFor();
    const shown = performance.now() - began;
    const frames = await page.getByRole("region", { name: "Nodes, to be scrolled" }).evaluate(
      (box, count) =>
        new Promise<number[]>((resolve) => {
          const frames = globalThis as unknown as { requestAnimationFrame(step: (now: number) => void): void };
          const times: number[] = [];
          const step = (now: number): void => {
            times.push(now);
            box.scrollTop = (box.scrollHeight * times.length) / count;
            if (times.length <= count) frames.requestAnimationFrame(step);
            else resolve(times.slice(1).map((time, place) => time - (times[place] ?? time)));
          };
          frames.requestAnimationFrame(step);
        }),
      steps,
    );
    const ended = performance.now();
    await page.getByRole("button", { name: lastNode }).waitFor();
    return { shown, frames: frames.sort((a, b) => a - b), last: performance.now() - ended };
  } finally {
    await context.close();
  }
}
