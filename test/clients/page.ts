import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeBlocks } from "../docs/blocks.ts";

const file = join(import.meta.dirname, "../../docs/machines-outside.md");

/** The shell commands below a heading of docs/machines-outside.md: they are what a client's test runs. */
export async function commandsBelow(heading: string): Promise<string> {
  return await blockBelow(heading, "sh");
}

/** The one block of a language below a heading. */
export async function blockBelow(heading: string, wanted: string): Promise<string> {
  const section = (await readFile(file, "utf8")).split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  const [block, ...more] = codeBlocks(section ?? "").filter(({ language }) => language === wanted);
  if (block === undefined || more.length > 0)
    throw new Error(`${file}: expected one ${wanted} block below "${heading}"`);
  return block.text;
}
