import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeBlocks } from "../docs/blocks.ts";

const file = join(import.meta.dirname, "../../docs/machines-outside.md");

/** The shell commands below a heading of docs/machines-outside.md: they are what a client's test runs. */
export async function commandsBelow(heading: string): Promise<string> {
  const section = (await readFile(file, "utf8")).split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  const [block, ...more] = codeBlocks(section ?? "").filter(({ language }) => language === "sh");
  if (block === undefined || more.length > 0) throw new Error(`${file}: expected one shell block below "${heading}"`);
  return block.text;
}
