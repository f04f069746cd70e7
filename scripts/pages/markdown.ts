/** A page without its fenced blocks and code spans: what is left is prose, headings and links. */
function proseOf(markdown: string): string {
  return markdown.replace(/^\s*```[\s\S]*?^\s*```$/gm, "").replace(/`[^`\n]*`/g, "");
}

/** Where a page's links lead, as written. Those to other sites are left out. */
export function linksOf(markdown: string): readonly string[] {
  const inline = [...proseOf(markdown).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target);
  return inline.filter((target) => !/^[a-z]+:/i.test(target));
}

/** The anchors of a page's headings, as GitHub makes them: lower case, blanks to `-`, other signs dropped. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.replace(/^\s*```[\s\S]*?^\s*```$/gm, "").matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(
    headings.map(([, heading = ""]) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
