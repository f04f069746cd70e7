import { expect, test } from "vitest";
import { formatsOf } from "./formats.ts";

const now = Date.parse("2026-11-29T12:00:00Z");

test.each([
  ["en-US", "2026-11-26T11:00:00Z", "3 days ago"],
  ["de-DE", "2026-11-26T11:00:00Z", "vor 3 Tagen"],
  ["en-US", "2026-11-29T14:30:00Z", "in 2 hours"],
  ["de-DE", "2026-11-28T12:00:00Z", "gestern"],
  ["en-US", "2026-11-29T12:00:00.400Z", "now"],
  ["en-US", "2026-11-29T11:57:30Z", "2 minutes ago"],
  ["en-US", "2026-11-29T11:59:30Z", "30 seconds ago"],
  ["en-US", "2028-12-29T12:00:00Z", "in 2 years"],
])("in %s, %s is %s", (locale, time, text) => {
  expect(formatsOf(locale).relative(time, now)).toBe(text);
});

test.each([
  ["en-US", "10,000"],
  ["de-DE", "10.000"],
  ["xx", "10,000"],
])("in %s ten thousand is %s", (locale, text) => {
  expect(formatsOf(locale).number(10_000)).toBe(text);
});

test("a time that is none is shown as it came", () => {
  const { relative, absolute, day } = formatsOf("en");
  expect([relative("soon", now), absolute("soon"), day("soon")]).toEqual(["soon", "soon", "soon"]);
});

test("a day has no hours", () => {
  expect(formatsOf("de-DE").day("2026-11-29T12:34:56Z")).toBe("29.11.2026");
});

test("an absolute time has its date, its seconds and its zone", () => {
  expect(formatsOf("de-DE").absolute("2026-11-29T12:34:56Z")).toMatch(/29\.11\.2026.*\d\d:34:56 \S+/);
});
