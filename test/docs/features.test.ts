import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { formatFeature } from "../../src/hardware/feature.ts";
import { parseFeatureList, parseFeatures } from "../../src/hardware/parse.ts";
import { toRequirement } from "../../src/hardware/requirement.ts";
import { readIndex } from "../../src/oci/flatten.ts";
import { select } from "../../src/selection/select.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { annotated, indexBytes } from "../support/oci/indexes.ts";
import { writeLayout } from "../support/oci/layout.ts";
import { codeBlocks } from "./blocks.ts";

const metahub = metahubProgram();
const page = await readFile(join(import.meta.dirname, "../../docs/features.md"), "utf8");
const blocks = codeBlocks(page);
const of = (language: string) => blocks.filter((block) => block.language === language);

/** The YAML blocks of the ranking; the others are manifests. */
const exampleSchema = z.strictObject({ machine: z.string(), builds: z.array(z.string()), takes: z.string() });
const examples = of("yaml").filter(({ text }) => text.startsWith("machine:"));
const manifests = of("yaml").filter(({ text }) => text.startsWith("apiVersion:"));

test("the page has no example that is not run here", () => {
  const run = [...of("json"), ...examples, ...manifests, ...of("text"), ...of("console")];
  expect(run).toHaveLength(blocks.length);
  expect([of("json").length, manifests.length, of("text").length]).toEqual([1, 1, 2]);
  expect(examples.length).toBeGreaterThan(5);
});

/** `left -> right`, with the blanks around them taken off. */
function pairs(text: string | undefined): [string, string][] {
  return (text ?? "").split("\n").map((line) => {
    const [left = "", right = ""] = line.split("->");
    return [left.trim(), right.trim()];
  });
}

describe("what a spelling means", () => {
  test.each(pairs(of("text")[0]?.text))("%s", (written, means) => {
    expect(parseFeatures(written, { architecture: "amd64" }).map(formatFeature).join(", ")).toBe(means);
  });
});

describe("how a list is read", () => {
  test.each(pairs(of("text")[1]?.text))("%s", (written, means) => {
    const groups = toRequirement(parseFeatureList(written));
    expect(groups.map((group) => `(${group.map(formatFeature).join(" or ")})`).join(" and ")).toBe(means);
  });
});

describe("which build wins", () => {
  test.each(examples.map(({ text, line }) => [line, text] as const))("line %i", (_, text) => {
    const { machine, builds, takes } = exampleSchema.parse(load(text));
    const features = parseFeatureList(machine);
    const platform = { os: "linux", architecture: "amd64" };
    // The order of the index must not decide any of them.
    for (const order of [builds, builds.toReversed()]) {
      const index = readIndex(indexBytes(order.map((list, position) => annotated(String(position), list))));
      if (!index.complete) throw new Error("nothing is nested in it");
      const { selected } = select(index.variants, { platform, features });
      expect(selected === null ? "nothing" : order[selected.position]).toBe(takes);
    }
  });
});

describe("what the commands print", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metahub-features-"));
    await mkdir(join(folder, "bench"));
    await writeLayout(join(folder, "bench"), [{ bytes: Buffer.from(of("json")[0]?.text ?? ""), tag: "latest" }]);
    await writeFile(join(folder, "machines.yaml"), manifests[0]?.text ?? "");
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Each command of a console block with what the page says that it prints. */
  const commands = of("console").flatMap(({ text }) =>
    text
      .split(/^\$ /m)
      .filter((part) => part !== "")
      .map((part) => {
        const [command = "", ...output] = part.trimEnd().split("\n");
        return [command, output.join("\n")] as const;
      }),
  );
  test.each(commands)("%s", async (command, output) => {
    const [program, ...args] = command.split(" ");
    expect(program).toBe("metahub");
    const ran = await metahub(args, { cwd: folder });
    expect(ran).toMatchObject({ stdout: `${output}\n`, stderr: "", code: 0 });
  });
});
