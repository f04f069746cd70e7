import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { readAll, readLine } from "./stdin.ts";

const signal = AbortSignal.timeout(10_000);

describe("a password from standard input", () => {
  test.each([
    ["secret\n", "secret"],
    ["secret\r\nmore\n", "secret"],
    ["without a newline", "without a newline"],
    [" blanks count \n", " blanks count "],
  ])("%j", async (text, line) => {
    expect(await readLine({ stdin: Readable.from([text]), signal }, "--creds USER")).toBe(line);
  });

  test.each([[""], ["\n"], ["x".repeat(70_000)]])("is refused where there is none, or no end of it", async (text) => {
    await expect(readLine({ stdin: Readable.from([text]), signal }, "--creds USER")).rejects.toThrow(/no such line/);
  });

  test("is not typed into a terminal, which would show it", async () => {
    const stdin = Object.assign(Readable.from(["x\n"]), { isTTY: true });
    await expect(readLine({ stdin, signal }, "--creds USER")).rejects.toThrow(/pipe it in/);
  });
});

describe("a whole stream", () => {
  test("joins characters that are cut between chunks", async () => {
    const bytes = Buffer.from("grün");
    const stream = Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
    expect(await readAll(stream, { maxBytes: 10, signal })).toBe("grün");
  });

  test("ends at its bound, and does not read on", async () => {
    let chunks = 0;
    const long = Readable.from(
      (function* () {
        for (; chunks < 1_000; chunks++) yield Buffer.alloc(1024);
      })(),
    );
    expect(await readAll(long, { maxBytes: 10_000, signal })).toBeUndefined();
    expect(chunks).toBeLessThan(100);
  });

  test("ends with the signal", async () => {
    const silent = new Readable({ read: () => undefined });
    const controller = new AbortController();
    const reading = readAll(silent, { maxBytes: 10, signal: controller.signal });
    controller.abort(new Error("asked to"));
    await expect(reading).rejects.toThrow("asked to");
  });
});
