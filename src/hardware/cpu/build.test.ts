import { describe, expect, test } from "vitest";
import { buildGraph } from "./build.ts";
import { archspecRows } from "./graph.generated.ts";
import type { CpuRow } from "./row.ts";

function row(name: string, ...parents: string[]): CpuRow {
  return { name, parents, vendor: "generic", features: "" };
}

describe("a graph is refused", () => {
  test.each([
    ["a name that descends from itself", [row("a", "a")], /has a cycle: "a" → "a"/],
    [
      "a cycle of three",
      [row("root"), row("a", "root", "c"), row("b", "a"), row("c", "b")],
      /cycle: "a" → "c" → "b" → "a"/,
    ],
    ["what hangs below a cycle", [row("leaf", "b"), row("a", "b"), row("b", "a")], /cycle: "b" → "a" → "b"/],
    ["an unknown parent", [row("a", "nobody")], /"a" descends from "nobody", which is not in it/],
    ["a name given twice", [row("a"), row("a")], /"a" is in it twice/],
    ["two roots", [row("x"), row("y"), row("a", "x", "y")], /"a" descends from several roots: x, y/],
    ["a parent named as no object should be", [row("a", "__proto__")], /"__proto__", which is not in it/],
  ])("%s", (_what, archspec, message) => {
    expect(() => buildGraph({ archspec })).toThrow(message);
    expect(() => buildGraph({ archspec })).toThrow(expect.objectContaining({ code: "CPU_GRAPH_INVALID" }));
  });

  test("also where the additions bring the fault", () => {
    const archspec = [row("a"), row("b", "a")];
    const addedParents = new Map([["a", ["b"]]]);
    expect(() => buildGraph({ archspec, addedParents })).toThrow(/has a cycle: "a" → "b" → "a"/);
    expect(() => buildGraph({ archspec, added: [row("b", "a")] })).toThrow(/"b" is in it twice/);
  });
});

describe("a graph", () => {
  test("needs no order, and a diamond counts an ancestor once", () => {
    const graph = buildGraph({ archspec: [row("d", "b", "c"), row("c", "a"), row("b", "a"), row("a")] });
    expect([...(graph.get("d")?.ancestors ?? [])].sort()).toEqual(["a", "b", "c", "d"]);
    expect(graph.get("d")?.family).toBe("a");
  });

  test("hands flags down, with what they imply", () => {
    const graph = buildGraph({
      archspec: [
        { ...row("old"), features: "ssse3" },
        { ...row("new", "old"), features: "avx2" },
      ],
    });
    expect(graph.get("old")?.features).toEqual(["ssse3", "sse3"]);
    expect([...(graph.get("new")?.flags ?? [])].sort()).toEqual([
      "avx",
      "avx2",
      "fxsr",
      "sse",
      "sse2",
      "sse3",
      "ssse3",
      "xsave",
    ]);
  });

  test("takes a chain of 2,000 names without deep recursion, in bounded time", () => {
    const chain = Array.from({ length: 2000 }, (_, index) =>
      index === 0 ? row("0") : row(`${index}`, `${index - 1}`),
    );
    expect(buildGraph({ archspec: chain.toReversed() }).get("1999")?.ancestors.size).toBe(2000);
  });

  test("of archspec alone holds all of its names, each below one root", () => {
    const graph = buildGraph({ archspec: archspecRows });
    expect(graph.size).toBe(archspecRows.length);
    for (const entry of graph.values()) expect(graph.get(entry.family)?.parents).toEqual([]);
  });
});
