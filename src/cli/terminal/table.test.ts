import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderTable, type Table } from "./table.ts";
import { textWidth } from "./text.ts";

describe("renderTable", () => {
  const cases: [what: string, table: Table, lines: string[]][] = [
    [
      "columns align, no line ends in spaces",
      {
        columns: [{ header: "NAME" }, { header: "TYPE" }],
        rows: [
          ["a", "type1"],
          ["longer", "t"],
        ],
      },
      ["NAME    TYPE", "a       type1", "longer  t"],
    ],
    [
      "numbers stand on the right, empty cells among them",
      {
        columns: [{ header: "N" }, { header: "X" }],
        rows: [
          [5, "a"],
          [1234n, "b"],
          [undefined, "c"],
        ],
      },
      ["   N  X", "   5  a", "1234  b", "      c"],
    ],
    [
      "alignment as told",
      {
        columns: [
          { header: "P50", align: "right" },
          { header: "N", align: "left" },
        ],
        rows: [
          ["1 ms", 1],
          ["10 ms", 10],
        ],
      },
      ["  P50  N", " 1 ms  1", "10 ms  10"],
    ],
    [
      "wide characters count double",
      {
        columns: [{ header: "A" }, { header: "B" }],
        rows: [
          ["日本", "x"],
          ["ab", "y"],
        ],
      },
      ["A     B", "日本  x", "ab    y"],
    ],
    ["missing cells are empty", { columns: [{ header: "A" }, { header: "B" }], rows: [[], ["x"]] }, ["A  B", "", "x"]],
    ["no rows: the header", { columns: [{ header: "A" }, { header: "B" }], rows: [] }, ["A  B"]],
    [
      "control characters are taken out",
      { columns: [{ header: "A\u001b[2J" }], rows: [["x\u001b[31m\ny"]] },
      ["A", "x y"],
    ],
    [
      "without a width nothing is cut",
      { columns: [{ header: "A", maxWidth: 3 }], rows: [["x".repeat(200)]] },
      ["A", "x".repeat(200)],
    ],
    [
      "the widest column gives way first",
      { width: 20, columns: [{ header: "NAME" }, { header: "REASON" }], rows: [["node-a", "a very long reason"]] },
      ["NAME    REASON", "node-a  a very long…"],
    ],
    [
      "maxWidth and minWidth hold",
      {
        width: 16,
        columns: [
          { header: "A", maxWidth: 4 },
          { header: "B", minWidth: 10 },
        ],
        rows: [["abcdefgh", "0123456789"]],
      },
      ["A     B", "abc…  0123456789"],
    ],
    [
      "text wraps where asked, the other cells stay on the first line",
      {
        width: 14,
        columns: [{ header: "A" }, { header: "WHY", overflow: "wrap" }, { header: "Z" }],
        rows: [["x", "one two three", "z"]],
      },
      ["A  WHY       Z", "x  one two   z", "   three"],
    ],
    [
      "a width that nothing fits is exceeded",
      { width: 3, columns: [{ header: "NAME" }, { header: "TYPE" }], rows: [["abcdef", "b"]] },
      ["NAME  TYPE", "abc…  b"],
    ],
    ["no colour unless asked", { columns: [{ header: "A" }], rows: [[{ text: "ok", style: "green" }]] }, ["A", "ok"]],
    [
      "colour does not disturb the alignment",
      {
        color: true,
        columns: [{ header: "A" }, { header: "B" }],
        rows: [
          [{ text: "ok", style: "green" }, "x"],
          ["none", "y"],
        ],
      },
      ["\u001b[1mA\u001b[22m     \u001b[1mB\u001b[22m", "\u001b[32mok\u001b[39m    x", "none  y"],
    ],
  ];
  test.each(cases)("%s", (_what, table, lines) => {
    expect(renderTable(table).split("\n")).toEqual(lines);
  });

  test("fits the width whenever the least widths do", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell)),
        fc.integer({ min: 16, max: 60 }),
        fc.boolean(),
        (rows, width, wraps) => {
          const columns = ["A", "B", "C"].map((header) => ({
            header,
            minWidth: 4,
            overflow: wraps ? ("wrap" as const) : ("truncate" as const),
          }));
          for (const line of renderTable({ columns, rows, width }).split("\n")) {
            expect(textWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});
