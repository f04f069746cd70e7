import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { z } from "zod";
import { run, timeoutMs } from "../../../test/archspec/package.ts";
import { describeWith } from "../../../test/support/describe-with.ts";
import { armVendors, cpuGraph } from "../cpu/graph.ts";
import { archspecName } from "./archspec.ts";
import { parseCpuinfo } from "./cpuinfo.ts";
import { parseSysctl } from "./sysctl.ts";

// archspec itself detects the CPU of the same captures: those that its Python package carries, and made-up ones.

interface Capture {
  readonly system: "Linux" | "Darwin";
  /** `uname -m`. */
  readonly machine: string;
  readonly text: string;
}

const questions = `
import io, json, platform, sys
from archspec.cpu import detect
own_machine = detect._machine
answers = []
for capture in json.load(sys.stdin):
    detect.host.cache_clear()
    platform.system = lambda: capture["system"]
    if capture["system"] == "Linux":
        detect._machine = lambda: capture["machine"]
        detect.open = lambda *args, **kwargs: io.StringIO(capture["text"])
    else:
        own_machine.cache_clear()
        detect._machine = own_machine
        detect._darwin_sysctl_data.cache_clear()
        detect._check_output = lambda *args, **kwargs: capture["text"]
    answers.append(detect.host().name)
print(json.dumps(answers))
`;

async function archspecSays(packageFolder: string, captures: readonly Capture[]): Promise<readonly string[]> {
  const asked = run("python3", ["-c", questions], {
    env: { ...process.env, PYTHONPATH: packageFolder },
    maxBuffer: 16 << 20,
    timeout: timeoutMs,
  });
  asked.child.stdin?.end(JSON.stringify(captures));
  return z.array(z.string()).parse(JSON.parse((await asked).stdout));
}

function weSay({ system, machine, text }: Capture): string {
  return archspecName(system === "Linux" ? parseCpuinfo(text, machine) : parseSysctl(text));
}

function machineOf(text: string): string {
  if (text.includes("vendor_id")) return "x86_64";
  if (text.includes("CPU implementer")) return "aarch64";
  // Little-endian Linux needs POWER8.
  if (text.includes("POWER7")) return "ppc64";
  return text.includes("POWER") ? "ppc64le" : "riscv64";
}

describeWith(inject("archspec"), "archspec as the oracle", ({ folder: packageFolder }) => {
  test("the captures of its package", { timeout: timeoutMs }, async () => {
    const folder = join(packageFolder, "archspec/json/tests/targets");
    const names = (await readdir(folder)).filter((name) => /^(linux|darwin|bgq)-/.test(name));
    const captures = await Promise.all(
      names.map(async (name): Promise<Capture> => {
        const text = await readFile(join(folder, name), "utf8");
        return { system: name.startsWith("darwin") ? "Darwin" : "Linux", machine: machineOf(text), text };
      }),
    );
    expect(captures.length).toBeGreaterThan(50);
    const said = await archspecSays(packageFolder, captures);
    expect(captures.map((capture, index) => [names[index], weSay(capture)])).toEqual(
      said.map((name, index) => [names[index], name]),
    );
    // Without `uname -m`, as `metahub detect --cpuinfo FILE` has it.
    expect(captures.map(({ system, text }) => (system === "Linux" ? archspecName(parseCpuinfo(text)) : ""))).toEqual(
      said.map((name, index) => (captures[index]?.system === "Linux" ? name : "")),
    );
  });

  test("made-up captures: flags added and masked, vendors and parts mixed", { timeout: timeoutMs }, async () => {
    const captures = fc.sample(made, { numRuns: 1000, seed: 20261123 });
    const said = await archspecSays(packageFolder, captures);
    expect(new Set(said).size).toBeGreaterThan(40);
    expect(captures.map((capture) => [weSay(capture), capture.text])).toEqual(
      said.map((name, index) => [name, captures[index]?.text]),
    );
  });
});

const testedEntries = [...cpuGraph().values()].filter(({ source }) => source === "archspec");

/** A CPU of the family, with most of its flags and some of another's. */
function flagsOf(family: string) {
  const entries = testedEntries.filter((entry) => entry.family === family && entry.features.length > 0);
  return fc
    .tuple(fc.constantFrom(...entries), fc.constantFrom(...entries), fc.boolean(), fc.boolean())
    .chain(([entry, other, masks, adds]) =>
      fc.tuple(
        fc.constant(entry),
        masks
          ? fc.subarray([...entry.features], { minLength: entry.features.length - 2 })
          : fc.constant(entry.features),
        adds ? fc.subarray([...other.features]) : fc.constant([]),
        fc.constant(other),
      ),
    );
}

const x86: fc.Arbitrary<Capture> = flagsOf("x86_64").chain(([entry, flags, more, other]) =>
  fc.constantFrom(entry.vendor, entry.vendor, other.vendor, "HygonGenuine").map((vendor) => ({
    system: "Linux",
    machine: "x86_64",
    text: `processor\t: 0\nvendor_id\t: ${vendor}\nflags\t\t: ${[...flags, ...more].join(" ").replace(/\bsse3\b/g, "pni")}\n\n`,
  })),
);

const implementers = new Map([...armVendors].map(([implementer, vendor]) => [vendor, implementer]));

const arm: fc.Arbitrary<Capture> = flagsOf("aarch64").chain(([entry, flags, more, other]) =>
  fc
    .tuple(
      fc.constantFrom(entry.vendor, entry.vendor, other.vendor, "Qualcomm"),
      fc.constantFrom(entry.cpupart, entry.cpupart, other.cpupart, "0xfff"),
    )
    .map(([vendor, part]) => ({
      system: "Linux",
      machine: "aarch64",
      text: `processor : 0\nFeatures : ${[...flags, ...more].join(" ")}\nCPU implementer : ${implementers.get(vendor)}\nCPU part : ${part}\n\n`,
    })),
);

const power: fc.Arbitrary<Capture> = fc
  .tuple(fc.integer({ min: 5, max: 12 }), fc.constantFrom("ppc64le", "ppc64"))
  .map(([generation, machine]) => ({
    system: "Linux",
    machine,
    text: `processor : 0\ncpu : POWER${generation} (raw), altivec supported\n\n`,
  }));

const riscv: fc.Arbitrary<Capture> = fc
  .constantFrom("sifive,u74-mc", "spacemit,x60", "thead,c910", "x60", "zen3")
  .map((uarch) => ({ system: "Linux", machine: "riscv64", text: `processor : 0\nhart : 0\nuarch : ${uarch}\n\n` }));

const apple: fc.Arbitrary<Capture> = fc
  .constantFrom("Apple M1", "Apple M3 Pro", "Apple M7 Ultra", "Apple processor", "Apple A14", "VirtualApple")
  .map((brand) => ({ system: "Darwin", machine: "arm64", text: `machdep.cpu.brand_string: ${brand}\n` }));

const made: fc.Arbitrary<Capture> = fc.oneof(
  { weight: 8, arbitrary: x86 },
  { weight: 8, arbitrary: arm },
  power,
  riscv,
  apple,
);
