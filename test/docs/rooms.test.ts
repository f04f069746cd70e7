import { join } from "node:path";
import { expect, test } from "vitest";
import { drawRooms, listRooms, withRooms } from "../../scripts/rooms/picture.ts";
import { questionOf } from "../../scripts/rooms/readme.ts";
import { checkedRooms, roomsOf } from "../../scripts/rooms/table.ts";

const rooms = new Map([
  ["words", []],
  ["rules", ["words"]],
  ["face", ["rules", "words"]],
  ["alone", []],
]);

test("the table is read from the rules that imports are held to", () => {
  const rule = (room: string, names: string) => ({ name: `${room}-imports`, to: { pathNot: `^src/(${names})/` } });
  const other = { name: "no-cycles", to: {} };
  expect(roomsOf([rule("words", "words"), other, rule("rules", "rules|words")])).toEqual(
    new Map([
      ["words", []],
      ["rules", ["words"]],
    ]),
  );
  expect(() => roomsOf([other])).toThrow("no rule ROOM-imports");
});

test("the rules of this repository are among those that can be read", () => {
  const checked = checkedRooms(join(import.meta.dirname, "../.."));
  expect(checked.get("hardware")).toEqual([]);
  expect(checked.get("admission")).toContain("rewriting");
});

test("an arrow that a longer way shows is left out; a room without one is drawn", () => {
  expect(drawRooms(rooms)).toBe(
    ["```mermaid", "flowchart TD", "  face --> rules", "  rules --> words", "  alone", "```"].join("\n"),
  );
});

test("the list begins at the roof", () => {
  expect(
    listRooms(rooms, new Map([["face", "Who looks?"]]))
      .split("\n")
      .slice(2, 4),
  ).toEqual(["| [alone](../src/alone/README.md) |  |", "| [face](../src/face/README.md) | Who looks? |"]);
});

test("only what is between the marks is replaced, and the same once more changes nothing", () => {
  const page = "a\n<!-- rooms: written by scripts/draw-rooms.ts -->\nold\n<!-- end of rooms -->\nb\n";
  const drawn = withRooms(page, "new");
  expect(drawn).toBe("a\n<!-- rooms: written by scripts/draw-rooms.ts -->\n\nnew\n\n<!-- end of rooms -->\nb\n");
  expect(withRooms(drawn, "new")).toBe(drawn);
  expect(() => withRooms("a page without marks", "new")).toThrow("the page lacks");
});

test("a room's question is the paragraph under its title", () => {
  expect(questionOf("# a\n\nWhich one\nis it?\n\nThat one.\n")).toBe("Which one is it?");
  expect(questionOf("# a\n\nIt is this one.\n")).toBeUndefined();
});
