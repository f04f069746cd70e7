import { describe, expect, test } from "vitest";
import { imageOf, nodeWith, typeWith } from "../../test/support/machines.ts";
import { annotated, digestOf, entry } from "../../test/support/oci/indexes.ts";
import type { Machine } from "./machine.ts";
import { explain } from "./rows.ts";

const image = imageOf(
  entry("generic"),
  annotated("haswell", "cpu:haswell"),
  annotated("skylake", "cpu:skylake"),
  annotated("gpu", "nvcap:8.0"),
);

function row(machine: Machine, accelerated = true) {
  const [only] = explain(image, [machine], accelerated).rows;
  if (only === undefined) throw new Error("no row");
  return only;
}

describe("what a machine gets", () => {
  const cases: [what: string, machine: Machine, build: string, offers: string[]][] = [
    ["a node its own best", nodeWith("a", "cpu:icelake"), "skylake", ["cpu:icelake"]],
    ["a node that says nothing the generic build", nodeWith("a", ""), "generic", []],
    ["a type whose nodes are alike theirs", typeWith("t", "cpu:icelake", "cpu:icelake"), "skylake", ["cpu:icelake"]],
    ["a type whose nodes differ what all of them run", typeWith("t", "cpu:skylake", "cpu:haswell"), "haswell", []],
    [
      "a type what every node offers",
      typeWith("t", "cpu:icelake,fabric:efa", "cpu:icelake"),
      "skylake",
      ["cpu:icelake"],
    ],
  ];
  test.each(cases)("%s", (_, machine, build, offers) => {
    expect(row(machine)).toMatchObject({ selected: digestOf(build), offers, nothingFits: false });
  });

  test("of its GPU only for a container that gets one", () => {
    const gpu = nodeWith("g", "cpu:skylake", {
      "nvidia.com/gpu.compute.major": "8",
      "nvidia.com/gpu.compute.minor": "0",
    });
    expect(row(gpu)).toMatchObject({ selected: digestOf("gpu"), offers: ["cpu:skylake", "nvcap:8.0"] });
    expect(row(gpu, false)).toMatchObject({ selected: digestOf("skylake"), offers: ["cpu:skylake"] });
  });
});

describe("warnings", () => {
  test("say that the nodes of a type get different answers, and only then", () => {
    expect(row(typeWith("t", "cpu:skylake", "cpu:haswell")).warnings).toEqual([expect.stringMatching(/2 different/)]);
    expect(row(typeWith("t", "cpu:skylake,kernel:6.1", "cpu:skylake,kernel:6.8")).warnings).toEqual([]);
  });

  test("are those of the index and of the node", () => {
    const odd = imageOf(annotated("a", "cpu:skylake"), annotated("b", 'cpu:"x"'));
    const [only] = explain(odd, [nodeWith("n", "nvcap:potato")], true).rows;
    expect(only?.warnings).toEqual([
      expect.stringMatching(/^manifests\[1\] is never chosen/),
      expect.stringMatching(/"nvcap:potato" .*not offered/),
    ]);
  });
});

test("a selection is made once for machines that offer the same", () => {
  const profile = nodeWith("a", "cpu:skylake").profiles;
  const machines = Array.from(
    { length: 100 },
    (_, index): Machine => ({ kind: "Node", name: `n${index}`, profiles: profile }),
  );
  const answers = new Set(explain(image, machines, true).rows.map(({ considered }) => considered));
  expect(answers.size).toBe(1);
});
