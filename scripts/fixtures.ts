/**
 * Takes captures of hosts into test/fixtures/hosts.
 *
 *   npm run fixtures -- add FILE --source TEXT [--name NAME] [--cpu NAME] [--platform PLATFORM] [--made-up] [--folder DIR]
 *
 * FILE is a /proc/cpuinfo, an lscpu, a sysctl machdep.cpu, or the manifest of a Node. Only what tells the hardware is
 * kept: no serial numbers, no names of hosts. The right answer is asked for where --cpu does not say it.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dump, load } from "js-yaml";
import { z } from "zod";
import { isRelevantLabel } from "../src/hardware/nodes/labels.ts";
import { answerOf, type Fixture } from "../test/support/hardware/fixture.ts";

/** Fields that tell a CPU, of all architectures. `Serial`, `Hardware`, `Revision` and a mainframe's `identification` do not. */
const telling = new Set(
  `processor vendor_id|cpu family|model|flags|features|cpu implementer|cpu architecture|cpu part|cpu variant|cpu revision|cpu
   |platform|isa|uarch|hart|system type|cpu model|type|model name|fdiv_bug|coma_bug|f00f_bug
   |architecture|cpu op-mode(s)|byte order|cpu(s)|vendor id
   |machdep.cpu.brand_string|machdep.cpu.vendor|machdep.cpu.features|machdep.cpu.leaf7_features|machdep.cpu.extfeatures`
    .replace("processor vendor_id", "processor|vendor_id")
    .split("|")
    .map((field) => field.trim()),
);

/** The capture's telling fields: each kind of processor once. */
function reduce(capture: string): string {
  const blocks = new Map<string, string>();
  const isLscpu = /^\s*Architecture:/m.test(capture);
  for (const block of capture.split(/\n\s*\n/)) {
    const lines = block.split("\n").filter((line) => isTelling(line, isLscpu));
    const identity = lines.filter((line) => !/^\s*(processor|hart)\s*:/i.test(line)).join("\n");
    if (identity !== "" && !blocks.has(identity)) blocks.set(identity, lines.map(plain).join("\n"));
  }
  return `${[...blocks.values()].join("\n\n")}\n`;
}

/** `Model` is a CPU's number to lscpu, and the board's name, which its owner may have written, in a /proc/cpuinfo. */
function isTelling(line: string, isLscpu: boolean): boolean {
  const field = line.split(":")[0]?.trim() ?? "";
  return telling.has(field.toLowerCase()) && (isLscpu || field !== "Model");
}

/** Without the tabs, which YAML would have to quote. */
function plain(line: string): string {
  return line.trimEnd().replace(/[ \t]*:[ \t]*/, ": ");
}

const nodeManifest = z.object({
  kind: z.literal("Node"),
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  status: z.object({
    nodeInfo: z.object({ architecture: z.string() }),
    allocatable: z.record(z.string(), z.coerce.string()).default({}),
  }),
});

function inputOf(text: string): Pick<Fixture, "capture" | "node"> {
  if (!/^kind:\s*Node\b/m.test(text)) return { capture: reduce(text) };
  const { metadata, status } = nodeManifest.parse(load(text));
  const labels = Object.entries(metadata.labels).filter(([key]) => isRelevantLabel(key));
  const allocatable = Object.entries(status.allocatable).filter(([resource]) => resource.includes("/"));
  return {
    node: {
      architecture: status.nodeInfo.architecture,
      labels: Object.fromEntries(labels),
      allocatable: Object.fromEntries(allocatable),
    },
  };
}

async function ask(question: string, suggestion: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(`${question} [${suggestion}] `)).trim();
    return answer === "" ? suggestion : answer;
  } finally {
    terminal.close();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    source: { type: "string" },
    name: { type: "string" },
    cpu: { type: "string" },
    platform: { type: "string" },
    "made-up": { type: "boolean", default: false },
    folder: { type: "string", default: fileURLToPath(new URL("../test/fixtures/hosts", import.meta.url)) },
  },
});
const [command, path] = positionals;
if (command !== "add" || path === undefined || values.source === undefined) {
  console.error("usage: npm run fixtures -- add FILE --source TEXT [--name N] [--cpu C] [--platform P] [--made-up]");
  process.exitCode = 2;
} else {
  const input = inputOf((await readFile(path, "utf8")).replaceAll("\r\n", "\n"));
  const base = { source: values.source, madeUp: values["made-up"], ...input };
  const now = answerOf({ ...base, expect: { features: [], not: [] } });
  const said = now.features.find((feature) => feature.startsWith("cpu:"))?.slice("cpu:".length) ?? "";
  const cpu = values.cpu ?? (await ask("Which CPU is right?", said));
  const platform = values.platform ?? now.platform;
  const fixture = { ...base, expect: { platform, features: cpu === "" ? [] : [`cpu:${cpu}`] } };
  const { folder } = values;
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${(values.name ?? basename(path)).replace(/[^a-z0-9.-]+/gi, "-").toLowerCase()}.yaml`);
  await writeFile(file, dump(fixture, { lineWidth: -1 }));
  console.log(`${file}: ${platform}, cpu:${cpu}${cpu === said ? "" : ` (MetaHub says ${said})`}`);
}
