import { type Browser, chromium } from "playwright-core";
import { type Lack, lack } from "../../../cluster/lack.ts";
import { findProgram } from "../../../cluster/programs.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The browser of this machine. */
export interface ChromiumFound {
  readonly path: string;
}

export function findChromium(): ChromiumFound | Lack {
  const path = names.map((name) => findProgram(name)).find((found) => found !== undefined);
  return path === undefined ? lack("no chromium on the PATH", ["chromium"]) : { path };
}

/**
 * Starts it without a window, and without its sandbox where root runs it: it has none then. Names below `.test` lead to
 * this machine (RFC 6761, 6.2): sites that are strangers to each other.
 */
export function launchChromium({ path }: ChromiumFound): Promise<Browser> {
  const args = [
    ...["--disable-dev-shm-usage", "--host-resolver-rules=MAP *.test 127.0.0.1"],
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  return chromium.launch({ executablePath: path, args });
}

/** The browser and what else a test needs, which is not begun where there is no browser. */
export async function withChromium<T extends object>(
  open: () => Promise<T | Lack>,
): Promise<{ readonly chromium: ChromiumFound; readonly site: T } | Lack> {
  const chromium = findChromium();
  if ("skip" in chromium) return chromium;
  const site = await open();
  return "skip" in site ? (site as Lack) : { chromium, site };
}
