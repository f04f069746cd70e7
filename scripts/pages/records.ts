import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = "docs/decisions";

/** The parts of a record, and how each is found: a heading or a bold beginning of a paragraph. */
const parts: readonly (readonly [string, RegExp])[] = [
  ["a title `# N. …` with its number", /^# \d+\. /],
  ["a line `- Date: YYYY-MM-DD`", /^(?:- )?Date: \d{4}-\d{2}-\d{2}/m],
  ["a line `- Status: …`", /\bStatus: \S/],
  ["its alternatives", /^(?:#+ |\*\*).*Alternatives/im],
  ["when to revisit it", /^(?:#+ |\*\*).*Revisit/im],
];

/** One sentence for each record that lacks a part or a line in the index. */
export function recordFaults(root: string): readonly string[] {
  const index = readFileSync(join(root, folder, "README.md"), "utf8");
  const records = readdirSync(join(root, folder)).filter((file) => file.endsWith(".md") && file !== "README.md");
  return records.flatMap((file) => {
    const listed = index.includes(`](${file})`) ? [] : [`${folder}/README.md: does not list ${file}`];
    const faults = faultsOfRecord(`${folder}/${file}`, readFileSync(join(root, folder, file), "utf8"));
    return [...listed, ...faults];
  });
}

/** @param path names the record in messages; its file's number must be the title's */
export function faultsOfRecord(path: string, text: string): readonly string[] {
  const missing = parts.filter(([, form]) => !form.test(text)).map(([what]) => `${path}: lacks ${what}`);
  const [named, titled] = [/(\d{4})-[^/]*$/.exec(path)?.[1], /^# (\d+)\./.exec(text)?.[1]];
  const same = titled === undefined || Number(named) === Number(titled);
  return same ? missing : [...missing, `${path}: its title has the number ${titled}`];
}
