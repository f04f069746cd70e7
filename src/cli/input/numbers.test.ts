import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { parseCount, parsePort } from "./numbers.ts";

test.each([
  [parsePort, "0", 0],
  [parsePort, "65535", 65_535],
  [parseCount, "0", 0],
  [parseCount, "999999999", 999_999_999],
])("%o reads %s", (parse, text, value) => {
  expect(parse(text)).toBe(value);
});

test.each([
  [parsePort, "65536"],
  [parsePort, "-1"],
  [parsePort, ""],
  [parsePort, "80a"],
  [parseCount, "1000000000"],
  [parseCount, "1.5"],
  [parseCount, "1e3"],
  [parseCount, ""],
])("%o refuses %j", (parse, text) => {
  expect(() => parse(text)).toThrow(InvalidArgumentError);
});
