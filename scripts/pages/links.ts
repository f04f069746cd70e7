import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { anchorsOf, linksOf } from "./markdown.ts";

/** One sentence for each link of the pages that leads nowhere. Pages are paths from the root. */
export function brokenLinks(root: string, pages: readonly string[]): readonly string[] {
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8");
    return linksOf(text).flatMap((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(target)) return [`${page}: leads to ${link}, which is not there`];
      if (anchor === undefined || statSync(target).isDirectory()) return [];
      const anchors = anchorsOf(readFileSync(target, "utf8"));
      return anchors.has(anchor) ? [] : [`${page}: leads to ${link}, and that page has no such heading`];
    });
  });
}
