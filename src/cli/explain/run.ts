import { explanationJson, requirementsJson } from "../../explaining/json.ts";
import { type Explanation, explain } from "../../explaining/rows.ts";
import { openImages } from "../../images/open.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { Given } from "../input/given.ts";
import { imageOptions } from "../input/image-options.ts";
import { type MachineOptions, machineOptions } from "../input/machine-options.ts";
import { readInventory } from "../input/read-inventory.ts";
import { type Terminal, terminalOf } from "../terminal/terminal.ts";
import { explanationTable, requirementsTable } from "./table.ts";

/** `metahub explain`. Writes the answer, and nothing where it fails. */
export async function runExplain(images: unknown, options: unknown, context: CommandContext): Promise<ExitCode> {
  const texts = Array.isArray(images) ? images.map(String) : [];
  const given = new Given(options);
  const output = given.choice("output", ["table", "json", "yaml"]);
  const access = imageOptions(given);
  const asked = machineOptions(given);
  if (asked.filenames.includes("-") && access.creds !== undefined && !access.creds.includes(":")) {
    throw new UsageError(
      "-f - and --creds USER both read standard input; give USER:PASSWORD, or the machines as a file",
    );
  }
  if (given.flag("requirements")) {
    refuseMachines(asked);
    const opened = await openImages(texts, access, context);
    const tables = opened.map(({ shown, digest, list }) => ({ image: shown, digest, list }));
    await print(tables, output, context, requirementsJson, requirementsTable);
    return 0;
  }
  const { machines, ...speaking } = await readInventory(asked, given, context);
  const opened = await openImages(texts, access, context, speaking);
  const accelerated = !given.flag("withoutAccelerators");
  const explanations = opened.map((image): Explanation => explain(image, machines, accelerated));
  await print(explanations, output, context, explanationJson, explanationTable);
  return explanations.some(({ rows }) => rows.every(({ nothingFits }) => nothingFits)) ? 3 : 0;
}

function refuseMachines({ filenames, nodes, machineTypes, kubeconfig, context }: MachineOptions): void {
  if (filenames.length + nodes.length + machineTypes.length > 0 || (kubeconfig ?? context) !== undefined) {
    throw new UsageError(
      "--requirements asks about the image alone; leave out -f, --node, --machine-type, --kubeconfig and --context",
    );
  }
}

async function print<T>(
  answers: readonly T[],
  output: "table" | "json" | "yaml",
  context: CommandContext,
  json: (answer: T) => object,
  table: (answer: T, terminal: Terminal) => string,
): Promise<void> {
  const text = await write();
  context.stdout.write(text.endsWith("\n") ? text : `${text}\n`);

  async function write(): Promise<string> {
    if (output === "table") return answers.map((answer) => table(answer, terminalOf(context))).join("\n\n\n");
    const documents = answers.map(json);
    const [only] = documents;
    const value = documents.length === 1 ? only : documents;
    if (output === "json") return JSON.stringify(value, null, 2);
    const { dump } = await import("js-yaml");
    return dump(value, { lineWidth: -1, noRefs: true });
  }
}
