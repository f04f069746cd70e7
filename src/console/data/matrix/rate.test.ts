import { expect, test } from "vitest";
import { Rates } from "./rate.ts";

test("each person asks so often in a row, and again after a while", () => {
  let now = 0;
  const rates = new Rates(() => now);
  for (let asked = 0; asked < 20; asked++) rates.take("anna");
  expect(() => rates.take("anna")).toThrow(
    expect.objectContaining({ problem: expect.objectContaining({ status: 429 }) }),
  );
  rates.take("ben");
  now += 1_000;
  rates.take("anna");
  expect(() => rates.take("anna")).toThrow();
  now += 3_600_000;
  for (let asked = 0; asked < 20; asked++) rates.take("anna");
  expect(() => rates.take("anna")).toThrow();
});
