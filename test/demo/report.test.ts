import { expect, test } from "vitest";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { type DemoPod, report } from "./report.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const tags = new Map([
  [digest("1"), "cpu-broadwell"],
  [digest("2"), "cpu_broadwell-nvcap_52"],
]);
const optimizedFor = (features: string): string => `>> This container is optimized for: ${features}`;

function pod(name: string, type: number, rest: Partial<DemoPod> = {}): DemoPod {
  const image = `qnib/bench@${digest(String(type))}`;
  return {
    name,
    deployed: false,
    node: `node${type}`,
    machineType: `type${type}`,
    asked: "qnib/bench",
    after: {
      metadata: {
        name,
        annotations: {
          [selectionAnnotation]: JSON.stringify({ main: { asked: "qnib/bench", reason: "it is closest" } }),
        },
      },
      spec: { nodeName: `node${type}`, containers: [{ name: "main", image }] },
    },
    ...rest,
  };
}

const pods: readonly DemoPod[] = [
  pod("bench-type1", 1, { printed: optimizedFor("cpu:broadwell") }),
  pod("bench-type2", 2, { printed: optimizedFor("cpu:broadwell,nvcap:5.2") }),
  ...["a", "b"].map((name) => pod(name, 2, { deployed: true, printed: optimizedFor("cpu:broadwell,nvcap:5.2") })),
  pod("c", 1, { deployed: true, printed: optimizedFor("cpu:broadwell") }),
  pod("d", 1, { deployed: true, printed: "something else" }),
];

test.each([80, 100, 120, 160])("nothing is cut and no line is longer than %i columns", (width) => {
  const text = report(pods, tags, width);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
  const table = text.split("\n\n")[0] ?? "";
  expect(table).toContain(":cpu_broadwell-nvcap_52");
  expect(table.replace(/\s+/g, " ")).toContain("nvcap:5.2");
  expect(text).not.toMatch(/[a-z]…/);
});

test("a file or a pipe gets everything on one line each", () => {
  const [, head, first] = report(pods, tags, undefined).split("\n");
  expect(head?.split(/ {2,}/)).toEqual(["POD", "NODE", "MACHINE TYPE", "ASKED", "GOT", "PRINTED"]);
  expect(first?.split(/ {2,}/)).toEqual([
    "bench-type1",
    "node1",
    "type1",
    "qnib/bench",
    "qnib/bench@sha256:11111111… (:cpu-broadwell)",
    optimizedFor("cpu:broadwell"),
  ]);
});

test("replicas that came out alike are one row, one that did not is a row of its own", () => {
  const rows = report(pods, tags, undefined).split("\n").slice(-3);
  expect(
    rows.map((row) => row.trim().split(/ {2,}/)).map(([count, node, , , , printed]) => [count, node, printed]),
  ).toEqual([
    ["1", "node1", optimizedFor("cpu:broadwell")],
    ["1", "node1", "something else"],
    ["2", "node2", optimizedFor("cpu:broadwell,nvcap:5.2")],
  ]);
});

test("where no container ran, the last column is the annotation's reason", () => {
  const text = report([pod("bench-type1", 1)], tags, undefined);
  expect(text).toContain("WHY");
  expect(text).toContain("it is closest");
});
