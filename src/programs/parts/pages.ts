import { join } from "node:path";

/**
 * Where the build writes the console's pages: `dist/console`. The program is a file of `dist/` itself, but for tests that
 * run its sources.
 */
export function pagesFolder(): string {
  const bundled = !import.meta.filename.endsWith(".ts");
  return bundled ? join(import.meta.dirname, "console") : join(import.meta.dirname, "../../../dist/console");
}
