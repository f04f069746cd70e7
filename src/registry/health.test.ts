import { describe, expect, test } from "vitest";
import { type Attempt, Health } from "./health.ts";

function setUp(): { health: Health; advance: (ms: number) => void; fail: () => void } {
  let now = 1_000_000;
  const limits = { failures: 3, openMs: 1_000, maxOpenMs: 4_000, maxThrottleMs: 300_000 };
  const health = new Health(limits, () => now);
  return {
    health,
    advance: (ms) => {
      now += ms;
    },
    fail: () => health.begin("h", "a", "GET x").failed(),
  };
}

describe("circuit breaker", () => {
  test("opens after failures in a row, lets one request try, closes when it succeeds", () => {
    const { health, advance, fail } = setUp();
    fail();
    fail();
    health.begin("h", "a", "GET x").succeeded();
    fail();
    fail();
    fail();
    expect(() => health.check("h", "a", "GET x")).toThrow(
      expect.objectContaining({ code: "CIRCUIT_OPEN", temporary: true }),
    );
    expect(() => health.check("other", "a", "GET x")).not.toThrow();
    advance(1_000);
    const probe = health.begin("h", "a", "GET x");
    expect(() => health.begin("h", "a", "GET x")).toThrow(expect.objectContaining({ code: "CIRCUIT_OPEN" }));
    probe.succeeded();
    health.begin("h", "a", "GET x").succeeded();
  });

  test("waits longer each time, up to its limit", () => {
    const { health, advance, fail } = setUp();
    fail();
    fail();
    fail();
    for (const ms of [1_000, 2_000, 4_000, 4_000]) {
      advance(ms - 1);
      expect(() => health.check("h", "a", "GET x")).toThrow(expect.objectContaining({ retryAfterMs: 1 }));
      advance(1);
      fail();
    }
  });

  test("a probe that ends unclear lets the next one try", () => {
    const { health, advance, fail } = setUp();
    fail();
    fail();
    fail();
    advance(1_000);
    health.begin("h", "a", "GET x").unclear();
    health.begin("h", "a", "GET x").succeeded();
  });
});

describe("an answer that takes long", () => {
  function probe(): ReturnType<typeof setUp> & { readonly attempt: Attempt } {
    const made = setUp();
    for (let times = 0; times < 3; times += 1) made.fail();
    made.advance(1_000);
    return { ...made, attempt: made.health.begin("h", "a", "GET x") };
  }

  test("lets others ask as soon as it begins", () => {
    const { health, attempt } = probe();
    attempt.answered();
    health.begin("h", "a", "GET x").succeeded();
    attempt.succeeded();
  });

  test("leaves the host alone again, for longer, where it breaks off", () => {
    const { health, attempt } = probe();
    attempt.answered();
    attempt.failed();
    expect(() => health.check("h", "a", "GET x")).toThrow(
      expect.objectContaining({ code: "CIRCUIT_OPEN", retryAfterMs: 2_000 }),
    );
  });

  test("of a host that is well forgives nothing before it ends", () => {
    const { health, fail } = setUp();
    fail();
    fail();
    health.begin("h", "a", "GET x").answered();
    fail();
    expect(() => health.check("h", "a", "GET x")).toThrow(expect.objectContaining({ code: "CIRCUIT_OPEN" }));
  });
});

describe("rate limit", () => {
  test("leaves the host alone for that account as long as it asked, and no other account", () => {
    const { health, advance } = setUp();
    expect(health.throttle("h", "a", 7_000)).toBe(7_000);
    expect(() => health.check("h", "a", "GET x")).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 7_000 }),
    );
    expect(() => health.check("h", "b", "GET x")).not.toThrow();
    advance(7_000);
    expect(() => health.check("h", "a", "GET x")).not.toThrow();
  });

  test("without Retry-After the pause doubles, up to a minute; an absurd one is not believed", () => {
    const { health } = setUp();
    const pauses = Array.from({ length: 9 }, () => health.throttle("h", "a", undefined));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    health.unthrottle("h", "a");
    expect(health.throttle("h", "a", undefined)).toBe(1_000);
    expect(health.throttle("h", "a", 86_400_000)).toBe(300_000);
  });
});
