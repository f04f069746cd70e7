import { expect, test } from "vitest";
import { createLogger, type LogLevel } from "./log.ts";

function lines(level: LogLevel) {
  const written: string[] = [];
  const log = createLogger(level, { write: (line) => void written.push(line) });
  return { log, read: () => written.map((line) => JSON.parse(line)) };
}

test("writes JSON lines with time, level in words and message", () => {
  const { log, read } = lines("info");
  log.info({ nodes: 3 }, "listed");
  expect(read()).toEqual([
    { level: "info", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), nodes: 3, message: "listed" },
  ]);
});

test.each<[LogLevel, readonly string[]]>([
  ["debug", ["debug", "info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["silent", []],
])("level %s", (level, expected) => {
  const { log, read } = lines(level);
  for (const each of ["debug", "info", "warn", "error"] as const) log[each]("x");
  expect(read().map((line) => line.level)).toEqual(expected);
});

test("an error is its message with its causes and their codes, and no stack", () => {
  const { log, read } = lines("info");
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  log.warn({ error: new Error("no answer", { cause }) }, "failed");
  expect(read()[0].error).toBe("no answer; caused by ECONNREFUSED: refused");
});

test.each<[string, unknown, string | RegExp]>([
  ["a text", "x", "x"],
  ["nothing", undefined, /^$/],
  ["a long message", new Error("x".repeat(9_000)), /^x{512}$/],
])("%s thrown as an error stays short", (_name, error, expected) => {
  const { log, read } = lines("info");
  log.error({ error }, "failed");
  expect(read()[0].error ?? "").toMatch(expected);
});

test("a chain of causes ends", () => {
  const { log, read } = lines("info");
  const error = new Error("round");
  error.cause = error;
  log.error({ error }, "failed");
  expect(read()[0].error.split("; caused by ")).toHaveLength(4);
});
