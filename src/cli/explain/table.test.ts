import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { imageOf, nodeWith, typeWith } from "../../../test/support/machines.ts";
import { annotated, digestOf, entry } from "../../../test/support/oci/indexes.ts";
import { explain } from "../../explaining/rows.ts";
import { textWidth } from "../terminal/text.ts";
import { explanationTable, requirementsTable } from "./table.ts";

const image = imageOf(
  entry("generic"),
  annotated("broadwell", "cpu:broadwell"),
  annotated("skylake", "cpu:skylake"),
  entry("arm", { platform: { os: "linux", architecture: "arm64" } }),
);
const machines = [typeWith("type1", "cpu:broadwell"), nodeWith("a", "cpu:broadwell"), nodeWith("b", "cpu:icelake")];
const pipe = { width: undefined, color: false };
const short = (name: string) => digestOf(name).slice(0, 19);

describe("the table of explain", () => {
  test("shows the builds, what each machine gets, and why not the others", () => {
    expect(explanationTable(explain(image, machines, true), pipe).split("\n")).toEqual([
      `qnib/bench:latest  ${short("index")}  4 builds`,
      "",
      "BUILD  DIGEST               PLATFORM     REQUIRES",
      `    0  ${short("generic")}  linux/amd64  generic`,
      `    1  ${short("broadwell")}  linux/amd64  cpu:broadwell`,
      `    2  ${short("skylake")}  linux/amd64  cpu:skylake`,
      `    3  ${short("arm")}  linux/arm64  generic`,
      "",
      "MACHINE            GETS             WHY",
      "machinetype/type1  1 cpu:broadwell  cpu:broadwell is the closest of 2 that fit",
      "node/a             1 cpu:broadwell  cpu:broadwell is the closest of 2 that fit",
      "node/b             2 cpu:skylake    cpu:skylake is the closest of 3 that fit",
      "",
      "machinetype/type1, node/a offer linux/amd64: cpu:broadwell",
      "  NOT  REQUIRES     BECAUSE",
      "  0    generic      1 is closer: it requires all of this, and more",
      "  2    cpu:skylake  the machine lacks cpu:skylake",
      "  3    generic      it is for linux/arm64",
      "",
      "node/b offers linux/amd64: cpu:icelake",
      "  NOT   REQUIRES  BECAUSE",
      "  0, 1            2 is closer: it requires all of this, and more",
      "  3     generic   it is for linux/arm64",
    ]);
  });

  test.each([60, 80, 120])("fits a terminal of %i columns", (width) => {
    const many = imageOf(
      ...Array.from({ length: 20 }, (_, index) =>
        annotated(`b${index}`, `cpu:skylake,nvcap:8.0,fabric:efa,cuda:12.${index}`),
      ),
    );
    const text = explanationTable(
      explain(many, [nodeWith("gpu-worker-0123456789.example.com", "cpu:zen2"), ...machines], true),
      { width, color: true },
    );
    const widest = Math.max(...text.split("\n").map((line) => textWidth(stripVTControlCharacters(line))));
    expect(widest).toBeLessThanOrEqual(width);
  });

  test("wraps where a terminal is narrow, and cuts nothing", () => {
    const text = explanationTable(explain(image, machines, true), { width: 60, color: false });
    expect(text).not.toContain("…");
    expect(text.replace(/\s+/g, " ")).toContain("that fit node/a");
  });

  test("is coloured only where asked", () => {
    const explanation = explain(image, [nodeWith("a", "cpu:broadwell")], true);
    const [plain, painted] = [pipe, { ...pipe, color: true }].map((terminal) =>
      explanationTable(explanation, terminal),
    );
    expect(plain).not.toContain("\u001b");
    expect(painted).toContain("\u001b[32m1 cpu:broadwell");
    expect(stripVTControlCharacters(painted ?? "")).toBe(plain);
  });

  test("says where nothing fits, and what is left as it is written", () => {
    const gpu = imageOf(annotated("gpu", "nvcap:8.0"));
    expect(explanationTable(explain(gpu, machines.slice(2), true), pipe)).toMatch(
      /^node\/b {3}nothing {2}the only build does not fit/m,
    );
    const plain = imageOf(entry("amd"), entry("arm", { platform: { os: "linux", architecture: "arm64" } }));
    expect(explanationTable(explain(plain, machines.slice(2), true), pipe)).toMatch(
      /^node\/b {3}as written {2}left as written/m,
    );
    const one = { shown: "x:latest", digest: digestOf("one"), list: undefined };
    expect(explanationTable(explain(one, machines.slice(2), true), pipe).split("\n")).toHaveLength(4);
  });

  test("ends with the warnings, and says whose they are", () => {
    const odd = imageOf(annotated("b", 'cpu:"x"'), entry("generic"));
    const text = explanationTable(explain(odd, [nodeWith("a", "nvcap:potato"), nodeWith("b", "")], true), pipe);
    const [own, ...others] = text.split("\n").slice(-2);
    expect(own).toMatch(/^warning {2}manifests\[0\] is never chosen/);
    expect(others).toEqual([expect.stringMatching(/^warning {2}node\/a: "nvcap:potato"/)]);
  });

  test("lets nothing that an index says move the cursor", () => {
    const nasty = imageOf(annotated("a", "fabric:\u001b[2Jx"), entry("g"));
    expect(explanationTable(explain(nasty, machines, true), pipe)).not.toContain("\u001b");
  });

  test("names few of many machines that get the same", () => {
    const nodes = Array.from({ length: 50 }, (_, index) => nodeWith(`n${index}`, "cpu:skylake"));
    expect(explanationTable(explain(image, nodes, true), pipe)).toContain("node/n5 and 44 more offer");
  });
});

test("the table of the requirements has a line for each group", () => {
  const gpu = imageOf(entry("generic"), annotated("gpu", "cuda:12.4,nvcap:9.0a"));
  const text = requirementsTable({ image: gpu.shown, digest: gpu.digest, list: gpu.list }, pipe);
  expect(text.split("\n").slice(2)).toEqual([
    "BUILD  DIGEST               PLATFORM     A MACHINE MUST OFFER",
    `    0  ${short("generic")}  linux/amd64  nothing more: the generic build`,
    `    1  ${short("gpu")}  linux/amd64  cuda 12.4 or later`,
    "                                         and an NVIDIA GPU that runs machine code for 9.0a, such as H100 (9.0)",
  ]);
});
