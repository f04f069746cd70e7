import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { terminalOf } from "./terminal.ts";

const stdout = (about: { readonly isTTY?: boolean; readonly columns?: number }) => Object.assign(new Writable(), about);

test.each([
  ["a file or a pipe", {}, {}, { width: undefined, color: false }],
  ["a terminal", { isTTY: true, columns: 120 }, {}, { width: 120, color: true }],
  ["a terminal of unknown width", { isTTY: true }, {}, { width: 80, color: true }],
  ["a terminal that says 0", { isTTY: true, columns: 0 }, {}, { width: 80, color: true }],
  ["a user who wants no colours", { isTTY: true, columns: 9 }, { NO_COLOR: "1" }, { width: 9, color: false }],
  ["an empty NO_COLOR", { isTTY: true, columns: 9 }, { NO_COLOR: "" }, { width: 9, color: true }],
  ["a terminal without colours", { isTTY: true, columns: 9 }, { TERM: "dumb" }, { width: 9, color: false }],
])("%s", (_, about, env, terminal) => {
  expect(terminalOf({ stdout: stdout(about), env })).toEqual(terminal);
});
