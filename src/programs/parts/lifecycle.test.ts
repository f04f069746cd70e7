import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { Lifecycle, type LifecycleOptions, withLifecycle } from "./lifecycle.ts";

let told: AbortController;
let clock: ManualClock;
let happened: string[];
let logged: { readonly level: string; readonly part?: string; readonly error?: string; readonly message: string }[];
let options: LifecycleOptions;
beforeEach(() => {
  told = new AbortController();
  clock = new ManualClock();
  happened = [];
  logged = [];
  const formatters = { level: (level: string) => ({ level }) };
  const serializers = { error: (error: unknown) => (error instanceof Error ? error.message : String(error)) };
  const log = pino(
    { level: "debug", base: null, timestamp: false, messageKey: "message", formatters, serializers },
    { write: (line: string) => void logged.push(JSON.parse(line)) },
  );
  options = { signal: told.signal, log, clock };
});
/** A part that starts and ends, and says so. */
const part = (life: Lifecycle, name: string): Promise<string> =>
  life.start(
    name,
    () => {
      happened.push(`+${name}`);
      return name;
    },
    (started) => void happened.push(`-${started}`),
  );

test("parts start in order and end in reverse, each once", async () => {
  const life = new Lifecycle(options);
  expect(await part(life, "a")).toBe("a");
  life.atEnd("b", () => void happened.push("-b"));
  await part(life, "c");
  await Promise.all([life.end(), life.end()]);
  expect(await life.end()).toEqual([]);
  expect(happened).toEqual(["+a", "+c", "-c", "-b", "-a"]);
});

test("an end is waited for before the next one begins", async () => {
  const life = new Lifecycle(options);
  const slow = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await part(life, "a");
  life.atEnd("b", () => {
    begun.resolve();
    return slow.promise;
  });
  const ended = life.end();
  await begun.promise;
  expect(happened).toEqual(["+a"]);
  slow.resolve();
  await ended;
  expect(happened).toEqual(["+a", "-a"]);
});

test("a start that fails half way is told after what was started has ended", async () => {
  const running = withLifecycle(options, async (life) => {
    await part(life, "a");
    await part(life, "b");
    await life.start(
      "c",
      () => Promise.reject(new Error("no port")),
      () => void happened.push("-c"),
    );
    await part(life, "d");
  });
  await expect(running).rejects.toThrow("no port");
  expect(happened).toEqual(["+a", "+b", "-b", "-a"]);
});

test("being told to end during a start is no failure: it is not waited for, and ended where it succeeds late", async () => {
  const late = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const running = withLifecycle(options, async (life) => {
    await part(life, "a");
    await life.start(
      "b",
      () => {
        begun.resolve();
        return late.promise;
      },
      (started) => void happened.push(`-${started}`),
    );
    await part(life, "c");
  });
  await begun.promise;
  told.abort("SIGTERM");
  // Its end waits for it: a server must not be left listening because its start was slow.
  await clock.timer((ms) => ms === 5_000);
  expect(happened).toEqual(["+a"]);
  late.resolve("b");
  await running;
  expect(happened).toEqual(["+a", "-b", "-a"]);
  expect(logged).toEqual([expect.objectContaining({ level: "info", message: "told to end while starting" })]);
});

test("a start that fails after the process was told to end is logged, and there is nothing to end", async () => {
  const late = Promise.withResolvers<string>();
  const running = withLifecycle(options, async (life) => {
    await part(life, "a");
    const starting = life.start(
      "b",
      () => late.promise,
      () => void happened.push("-b"),
    );
    told.abort("SIGTERM");
    await starting;
  });
  await clock.timer((ms) => ms === 5_000);
  late.reject(new Error("too late"));
  await running;
  expect(happened).toEqual(["+a", "-a"]);
  expect(logged).toContainEqual(expect.objectContaining({ level: "warn", part: "b", error: "too late" }));
});

test("nothing starts once the process was told to end", async () => {
  told.abort("SIGTERM");
  const life = new Lifecycle(options);
  await expect(part(life, "a")).rejects.toMatchObject({ code: "ABORTED" });
  expect(() => life.run("b", () => Promise.reject(new Error("b")))).toThrow(/starting b: ended by the caller/);
  await life.end();
  expect(happened).toEqual([]);
});

test("ends that fail hide neither one another nor the parts that end well", async () => {
  const running = withLifecycle(options, async (life) => {
    await part(life, "a");
    life.atEnd("b", () => Promise.reject(new Error("b is stuck")));
    await part(life, "c");
    life.atEnd("d", () => {
      throw new Error("d is broken");
    });
    told.abort("SIGTERM");
  });
  await expect(running).rejects.toMatchObject({
    code: "END_FAILED",
    message: "not ended as they should: d, b",
    errors: [new Error("d is broken"), new Error("b is stuck")],
  });
  expect(happened).toEqual(["+a", "+c", "-c", "-a"]);
  expect(logged.map(({ level, part, error }) => [level, part, error])).toEqual([
    ["error", "d", "d is broken"],
    ["error", "b", "b is stuck"],
  ]);
});

test("an end that takes too long is left behind, and what becomes of it is told", async () => {
  const stuck = Promise.withResolvers<void>();
  const life = new Lifecycle(options);
  await part(life, "a");
  life.atEnd("b", () => stuck.promise, 3_000);
  const ended = life.end();
  await clock.advance(2_999);
  expect(happened).toEqual(["+a"]);
  await clock.advance(1);
  expect(await ended).toEqual([{ name: "b", error: expect.objectContaining({ code: "TIMEOUT" }) }]);
  expect(happened).toEqual(["+a", "-a"]);
  stuck.reject(new Error("after all"));
  await clock.advance(0);
  expect(logged.at(-1)).toMatchObject({ level: "error", part: "b", error: "after all" });
});

test("why a process could not start comes before what could not be ended then", async () => {
  const running = withLifecycle(options, async (life) => {
    life.atEnd("a", () => Promise.reject(new Error("stuck")));
    throw new Error("no port");
  });
  await expect(running).rejects.toThrow("no port");
  expect(logged).toEqual([expect.objectContaining({ level: "error", part: "a", error: "stuck" })]);
});

test("work goes on until its turn to end comes", async () => {
  const life = new Lifecycle(options);
  life.run("work", async (signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    happened.push("-work");
  });
  await part(life, "a");
  life.atEnd("b", () => void happened.push("-b"));
  told.abort("SIGTERM");
  await life.over();
  expect(happened).toEqual(["+a"]);
  expect(await life.end()).toEqual([]);
  expect(happened).toEqual(["+a", "-b", "-a", "-work"]);
});

test.each<[string, () => Promise<void>, string]>([
  ["fails", () => Promise.reject(new Error("no rights")), "no rights"],
  ["returns", () => Promise.resolve(), "work: ended without being told to"],
])("work that %s before it is told to ends the process", async (_name, work, message) => {
  const running = withLifecycle(options, async (life) => {
    await part(life, "a");
    life.run("work", work);
  });
  await expect(running).rejects.toThrow(message);
  expect(happened).toEqual(["+a", "-a"]);
  expect(logged).toEqual([expect.objectContaining({ level: "error", part: "work", error: message })]);
});

test("work that fails while it ends is told like any end", async () => {
  const life = new Lifecycle(options);
  life.run("work", async (signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw new Error("half written");
  });
  expect(await life.end()).toEqual([{ name: "work", error: new Error("half written") }]);
});
