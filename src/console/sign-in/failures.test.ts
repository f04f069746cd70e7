import { expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { FailedSignIns } from "./failures.ts";

function fail(failures: FailedSignIns, times: number, address: (index: number) => string, user?: string): number {
  let tried = 0;
  for (let index = 0; index < times; index++) {
    try {
      failures.enter(address(index), user);
      tried++;
    } catch (error) {
      expect(error).toMatchObject({ problem: { status: 429 } });
    }
  }
  return tried;
}

test.each<[string, (index: number) => string, number]>([
  ["one address", () => "192.0.2.1", 20],
  ["one address in both forms", (index) => (index % 2 === 0 ? "192.0.2.1" : "::ffff:192.0.2.1"), 20],
  ["one network of IPv6", (index) => `2001:db8:1:2::${index.toString(16)}`, 20],
  ["networks of IPv6", (index) => `2001:db8:1:${index.toString(16)}::1`, 100],
  ["many addresses", (index) => `192.0.2.${index}`, 100],
])("%s", (_name, address, tried) => {
  expect(fail(new FailedSignIns(new ManualClock()), 100, address)).toBe(tried);
});

test("one user from many addresses", () => {
  expect(fail(new FailedSignIns(new ManualClock()), 100, (index) => `192.0.2.${index}`, "anna")).toBe(50);
});

test("failures are forgotten after five minutes, and those that succeed count nothing", async () => {
  const clock = new ManualClock();
  const failures = new FailedSignIns(clock);
  const address = (): string => "192.0.2.1";
  fail(failures, 100, address);
  await clock.advance(299_999);
  expect(fail(failures, 1, address)).toBe(0);
  await clock.advance(1);
  for (let count = 0; count < 100; count++) {
    failures.enter("192.0.2.1", "anna");
    failures.succeeded("192.0.2.1", "anna");
  }
  expect(fail(failures, 100, address)).toBe(20);
});

test("no stranger makes it remember more than its bound, however many addresses they have", () => {
  const failures = new FailedSignIns(new ManualClock());
  const network = (index: number): string =>
    `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`;
  fail(failures, 20, () => network(0));
  expect(fail(failures, 1, () => network(0))).toBe(0);
  fail(failures, 16_384, (index) => network(index + 1));
  // Pushed out by the others.
  expect(fail(failures, 1, () => network(0))).toBe(1);
});
