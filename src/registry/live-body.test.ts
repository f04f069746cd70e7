import { Readable } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { HopClock } from "./clock.ts";
import { Hop } from "./hop.ts";
import { LiveBody } from "./live-body.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

interface Exchange {
  readonly source: Readable;
  readonly live: LiveBody;
  /** How the exchange ended, as far as the host's health goes. */
  readonly verdicts: readonly string[];
}

function exchange(maxBytes = 100): Exchange {
  const verdicts: string[] = [];
  const tell = (verdict: string) => (): void => {
    verdicts.push(verdict);
  };
  const hop = new Hop("GET x", {
    clock: new HopClock(new AbortController().signal),
    place: { answered: () => undefined, leave: tell("left") },
    attempt: {
      answered: () => undefined,
      succeeded: tell("succeeded"),
      failed: tell("failed"),
      unclear: tell("unclear"),
    },
  });
  hop.answered();
  const source = new Readable({ read: () => undefined });
  const live = new LiveBody(source, hop, { maxBytes, pace: { idleMs: 60_000, readerMs: 60_000 } });
  return { source, live, verdicts };
}

const broken = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });

test.each([
  ["failed", 4_999],
  ["unclear", 5_000],
])("a break is %s after a pause of %i ms of the reader, whether it asks by then or not", async (verdict, pauseMs) => {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  for (const asks of [true, false]) {
    const { source, live, verdicts } = exchange();
    source.push(Buffer.from("piece"));
    await live.read();
    now += pauseMs;
    const told = new Promise((resolve) => live.onFailure(resolve));
    const read = asks ? live.read().catch((error: unknown) => error) : told;
    source.destroy(broken);
    expect(await read).toMatchObject({ code: "UNREACHABLE" });
    expect(await told).toMatchObject({ code: "UNREACHABLE" });
    await expect(live.read()).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(verdicts).toEqual(["left", verdict]);
  }
});

test("each end of an exchange is told once, and none after it", async () => {
  const { source, live, verdicts } = exchange();
  source.push(Buffer.from("piece"));
  source.push(null);
  expect(Buffer.from(await live.readAll()).toString()).toBe("piece");
  expect(await live.read()).toBeUndefined();
  live.cancel();
  source.destroy(broken);
  expect(verdicts).toEqual(["left", "succeeded"]);
});

test("a failure before anybody listens is told to who listens later; cancelling is none", async () => {
  const first = exchange(4);
  first.source.push(Buffer.from("piece"));
  await expect(first.live.read()).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect(await new Promise((resolve) => first.live.onFailure(resolve))).toMatchObject({ code: "TOO_LARGE" });
  expect(first.source.destroyed).toBe(true);

  const second = exchange();
  const told = vi.fn();
  second.live.onFailure(told);
  const read = second.live.read();
  second.live.cancel();
  await expect(read).rejects.toMatchObject({ code: "ABORTED" });
  expect(told).not.toHaveBeenCalled();
  expect(second.verdicts).toEqual(["left", "unclear"]);
});

test("pieces that wait are given one by one, as they arrived, and not copied into one", async () => {
  const { source, live } = exchange();
  const pieces = ["one", "two", "three"].map((text) => Buffer.from(text));
  for (const piece of pieces) source.push(piece);
  source.push(null);
  for (const piece of pieces) expect(await live.read()).toBe(piece);
  expect(await live.read()).toBeUndefined();
});

test("a body that closes without an end and without an error is a failure, waited for or not", async () => {
  const waiting = exchange();
  const read = waiting.live.read();
  waiting.source.destroy();
  await expect(read).rejects.toMatchObject({ code: "UNREACHABLE" });
  const { source, live } = exchange();
  source.destroy();
  await expect(live.read()).rejects.toMatchObject({ code: "UNREACHABLE" });
});
