/** A fenced code block of a Markdown page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of the page on which the block begins. */
  readonly line: number;
}

export function codeBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; lines: string[]; line: number } | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1] ?? "", lines: [], line: index + 1 };
    else {
      blocks.push({ language: open.language, text: open.lines.join("\n"), line: open.line });
      open = undefined;
    }
  }
  return blocks;
}

/** The commands of a shell block: one a line, continued lines joined, comments left out. */
export function commandsOf({ text }: Block): readonly string[] {
  const lines = text.replace(/\\\n\s*/g, "").split("\n");
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}
