import { describe, expect, test } from "vitest";
import { type Attempt, Health, type Subject } from "./health.ts";

const subject: Subject = {
  host: "h",
  service: "manifests",
  repository: "h/team/app",
  account: "a",
  tenant: undefined,
};

function setUp(): { health: Health; advance: (ms: number) => void; fail: () => void } {
  let now = 1_000_000;
  const limits = { failures: 3, openMs: 1_000, maxOpenMs: 4_000, maxThrottleMs: 300_000 };
  const health = new Health(limits, () => now);
  return {
    health,
    advance: (ms) => {
      now += ms;
    },
    fail: () => health.begin(subject, "GET x").failed("answer"),
  };
}

describe("circuit breaker", () => {
  test("opens after failures in a row, lets one request try, closes when it succeeds", () => {
    const { health, advance, fail } = setUp();
    fail();
    fail();
    health.begin(subject, "GET x").succeeded();
    fail();
    fail();
    fail();
    expect(() => health.check(subject, "GET x")).toThrow(
      expect.objectContaining({ code: "CIRCUIT_OPEN", temporary: true }),
    );
    expect(() => health.check({ ...subject, host: "other" }, "GET x")).not.toThrow();
    advance(1_000);
    const probe = health.begin(subject, "GET x");
    expect(() => health.begin(subject, "GET x")).toThrow(expect.objectContaining({ code: "CIRCUIT_OPEN" }));
    probe.succeeded();
    health.begin(subject, "GET x").succeeded();
  });

  test("waits longer each time, up to its limit", () => {
    const { health, advance, fail } = setUp();
    fail();
    fail();
    fail();
    for (const ms of [1_000, 2_000, 4_000, 4_000]) {
      advance(ms - 1);
      expect(() => health.check(subject, "GET x")).toThrow(expect.objectContaining({ retryAfterMs: 1 }));
      advance(1);
      fail();
    }
  });

  test("counts each repository and each account by itself", () => {
    const { health, fail } = setUp();
    for (let times = 0; times < 20; times += 1) {
      try {
        fail();
      } catch (error) {
        expect(error).toMatchObject({ code: "CIRCUIT_OPEN" });
      }
    }
    expect(() => health.check(subject, "GET x")).toThrow(/the repository failed 3 times/);
    health.begin({ ...subject, repository: "h/other/app" }, "GET x").succeeded();
    health.begin({ ...subject, account: "b" }, "GET x").succeeded();
    expect(() => health.check(subject, "GET x")).toThrow(/the repository failed/);
  });

  test("leaves a host alone for everybody where it cannot be connected to", () => {
    const { health, advance } = setUp();
    for (let times = 0; times < 3; times += 1) health.begin(subject, "GET x").failed("connection");
    const other = { ...subject, repository: "h/other/app", account: "b" };
    expect(() => health.check(other, "GET x")).toThrow(/the host failed 3 times/);
    advance(1_000);
    health.begin(other, "GET x").succeeded();
    expect(() => health.check(subject, "GET x")).not.toThrow();
  });

  const witness = (n: number, more: Partial<Subject> = {}): Subject => ({
    host: "h",
    service: "manifests",
    repository: `h/r${n}`,
    account: `a${n}`,
    tenant: `t${n}`,
    ...more,
  });
  const stranger = witness(99);

  test.each<[name: string, same: Partial<Subject>]>([
    ["repository", { repository: "h/r" }],
    ["account", { account: "a" }],
    ["namespace", { tenant: "t" }],
  ])("does not leave a host alone for what one %s alone saw", (_name, same) => {
    const { health } = setUp();
    for (let n = 0; n < 50; n += 1) health.begin(witness(n, same), "GET x").failed("answer");
    expect(() => health.check({ ...stranger, ...same, repository: "h/s", account: "s" }, "GET x")).not.toThrow();
  });

  test("leaves a host alone where several repositories, accounts and namespaces saw it fail; one attempt that may fail too ends that", () => {
    const { health, advance } = setUp();
    for (const n of [1, 2, 3]) health.begin(witness(n), "GET x").failed("answer");
    expect(() => health.check(stranger, "GET x")).toThrow(/the host failed 3 times/);
    advance(1_000);
    health.begin(witness(4), "GET x").failed("answer");
    expect(() => health.check(stranger, "GET x")).not.toThrow();
  });

  test("forgets the others' failures as soon as anybody is answered", () => {
    const { health } = setUp();
    for (const n of [1, 2]) health.begin(witness(n), "GET x").failed("answer");
    health.begin(stranger, "GET x").succeeded();
    health.begin(witness(3), "GET x").failed("answer");
    expect(() => health.check(stranger, "GET x")).not.toThrow();
  });

  test("leaves no manifests alone for what happens to blobs, nor blobs for manifests", () => {
    const { health, fail } = setUp();
    const blobs = { ...subject, service: "blobs" } as const;
    for (const n of [1, 2, 3]) health.begin(witness(n, { service: "blobs" }), "GET x").failed("answer");
    expect(() => health.check({ ...stranger, service: "blobs" }, "GET x")).toThrow(/the host failed 3 times/);
    expect(() => health.check(stranger, "GET x")).not.toThrow();
    fail();
    fail();
    fail();
    expect(() => health.check(subject, "GET x")).toThrow(/the repository failed/);
    expect(() => health.check({ ...blobs, host: "other" }, "GET x")).not.toThrow();
    health.throttle(blobs, 7_000);
    expect(() => health.check({ ...subject, host: "h" }, "GET x")).toThrow(/asked us to slow down/);
  });

  test("a probe that ends unclear lets the next one try", () => {
    const { health, advance, fail } = setUp();
    fail();
    fail();
    fail();
    advance(1_000);
    health.begin(subject, "GET x").unclear();
    health.begin(subject, "GET x").succeeded();
  });
});

describe("an answer that takes long", () => {
  function probe(): ReturnType<typeof setUp> & { readonly attempt: Attempt } {
    const made = setUp();
    for (let times = 0; times < 3; times += 1) made.fail();
    made.advance(1_000);
    return { ...made, attempt: made.health.begin(subject, "GET x") };
  }

  test("lets others ask as soon as it begins", () => {
    const { health, attempt } = probe();
    attempt.answered();
    health.begin(subject, "GET x").succeeded();
    attempt.succeeded();
  });

  test("leaves the host alone again, for longer, where it breaks off", () => {
    const { health, attempt } = probe();
    attempt.answered();
    attempt.failed("answer");
    expect(() => health.check(subject, "GET x")).toThrow(
      expect.objectContaining({ code: "CIRCUIT_OPEN", retryAfterMs: 2_000 }),
    );
  });

  test("of a host that is well forgives nothing before it ends", () => {
    const { health, fail } = setUp();
    fail();
    fail();
    health.begin(subject, "GET x").answered();
    fail();
    expect(() => health.check(subject, "GET x")).toThrow(expect.objectContaining({ code: "CIRCUIT_OPEN" }));
  });
});

describe("rate limit", () => {
  test("leaves the host alone for that account as long as it asked, and no other account", () => {
    const { health, advance } = setUp();
    expect(health.throttle(subject, 7_000)).toBe(7_000);
    expect(() => health.check(subject, "GET x")).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 7_000 }),
    );
    expect(() => health.check({ ...subject, account: "b" }, "GET x")).not.toThrow();
    advance(7_000);
    expect(() => health.check(subject, "GET x")).not.toThrow();
  });

  test("leaves other repositories of the host to be asked: the limit may be that of one proxy behind it", () => {
    const { health } = setUp();
    health.throttle(subject, 7_000);
    expect(() => health.check({ ...subject, repository: "h/other/app" }, "GET x")).not.toThrow();
  });

  test("without Retry-After the pause doubles, up to a minute; an absurd one is not believed", () => {
    const { health } = setUp();
    const pauses = Array.from({ length: 9 }, () => health.throttle(subject, undefined));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    health.unthrottle(subject);
    expect(health.throttle(subject, undefined)).toBe(1_000);
    expect(health.throttle(subject, 86_400_000)).toBe(300_000);
  });
});
