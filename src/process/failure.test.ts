import { expect, test } from "vitest";
import { CommandError, describeFailure, UsageError } from "./failure.ts";

const coded = (message: string, more: object = {}): Error => Object.assign(new Error(message), { code: "X" }, more);

test.each<[string, unknown, string]>([
  ["a mistake in the flags", new UsageError("say which"), "say which"],
  ["a failure of this machine", new CommandError("FILE_UNREADABLE", "a.pem: no such file"), "a.pem: no such file"],
  ["a failure of a room", coded("no answer"), "no answer"],
  ["with its cause", coded("no answer", { cause: new Error("refused") }), "no answer: refused"],
  [
    "with a cause that adds nothing",
    coded("no answer: refused", { cause: new Error("refused") }),
    "no answer: refused",
  ],
  [
    "with the system's own words, which the room has put into others",
    coded("nobody listens", { cause: Object.assign(new Error("connect ECONNREFUSED"), { syscall: "connect" }) }),
    "nobody listens",
  ],
  ["on several lines", coded("first\n  second\r\n third"), "first second third"],
  ["no error at all", "text", "unexpected failure: text"],
])("%s is one line", (_name, error, line) => {
  expect(describeFailure(error)).toBe(line);
});

test("a chain of causes ends", () => {
  let error = coded("0");
  for (let depth = 1; depth < 10; depth++) error = coded(`cause ${depth}`, { cause: error });
  expect(describeFailure(error)).toBe("cause 9: cause 8: cause 7: cause 6");
});

test("a defect of the program says so, with its stack", () => {
  expect(describeFailure(new TypeError("x is undefined"))).toMatch(
    /^unexpected failure, please report it: TypeError: x is undefined\n {4}at /,
  );
});
