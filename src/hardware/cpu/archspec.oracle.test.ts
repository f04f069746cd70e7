import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { z } from "zod";
import { run, script, timeoutMs } from "../../../test/archspec/package.ts";
import { describeWith } from "../../../test/support/describe-with.ts";
import { canonicalFlags } from "./flags.ts";
import { archspecRows, archspecVersion } from "./graph.generated.ts";
import { cpuAncestors, cpuDescendsFrom, cpuFlags, cpuGraph } from "./graph.ts";

// archspec itself, from its Python package, is asked the same questions.

const answers = z.record(
  z.string(),
  z.object({
    below: z.array(z.string()),
    features: z.array(z.string()),
    has: z.array(z.string()),
    family: z.string(),
    vendor: z.string(),
    generation: z.number(),
    cpupart: z.string(),
  }),
);

const questions = `
import json, sys
import archspec.cpu as cpu
names = json.loads(sys.argv[1])
flags = json.loads(sys.argv[2])
targets = {name: cpu.TARGETS[name] for name in names}
print(json.dumps({name: {
    "below": [other for other in names if targets[other] <= target],
    "features": sorted(target.features),
    "has": [flag for flag in flags if flag in target],
    "family": str(target.family),
    "vendor": target.vendor,
    "generation": target.generation,
    "cpupart": target.cpu_part,
} for name, target in targets.items()}))
`;

describeWith(inject("archspec"), `archspec ${archspecVersion} as the oracle`, ({ folder: packageFolder }) => {
  test("the generated table is what the script makes of the package", { timeout: timeoutMs }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "metahub-cpu-graph-"));
    try {
      const out = join(folder, "graph.generated.ts");
      await run(process.execPath, [script, "--out", out], { timeout: timeoutMs });
      const here = fileURLToPath(new URL("graph.generated.ts", import.meta.url));
      expect(await readFile(out, "utf8")).toBe(await readFile(here, "utf8"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("all pairs of names, every flag of every name", { timeout: timeoutMs }, async () => {
    const names = archspecRows.map(({ name }) => name);
    const flags = [...new Set(archspecRows.flatMap(({ features }) => features.split(" ")))];
    const aliases = ["sse4.1", "sse4.2", "avx512", "neon", "altivec", "vsx", "sse3"];
    const asked = [...flags, ...aliases].filter((flag) => flag !== "");
    const { stdout } = await run("python3", ["-c", questions, JSON.stringify(names), JSON.stringify(asked)], {
      env: { ...process.env, PYTHONPATH: packageFolder },
      maxBuffer: 16 << 20,
      timeout: timeoutMs,
    });
    const oracle = new Map(Object.entries(answers.parse(JSON.parse(stdout))));
    expect([...oracle.keys()]).toEqual(names);
    for (const [name, said] of oracle) {
      expect(
        names.filter((other) => cpuDescendsFrom(name, other)),
        `${name}: order`,
      ).toEqual(said.below);
      expect(
        names.filter((other) => cpuAncestors(name).has(other)),
        `${name}: ancestors`,
      ).toEqual(said.below);
      const entry = cpuGraph().get(name);
      expect([...(entry?.features ?? [])].sort(), `${name}: features`).toEqual([...said.features].sort());
      expect(entry?.family, name).toBe(said.family);
      expect(entry?.vendor, name).toBe(said.vendor);
      expect(entry?.generation ?? 0, name).toBe(said.generation);
      expect(entry?.cpupart ?? "", name).toBe(said.cpupart);
      // More may be implied here (archspec's x86_64 lists nothing, the ABI has SSE2), never less.
      const missing = said.has.filter(
        (flag) => canonicalFlags(flag)?.every((each) => cpuFlags(name).has(each)) !== true,
      );
      expect(missing, `${name}: flags`).toEqual([]);
    }
  });
});
