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

/** Starts it without a window, and without its sandbox where root runs it: it has none then. */
export function launchChromium({ path }: ChromiumFound): Promise<Browser> {
  const args = ["--disable-dev-shm-usage", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: path, args });
}
