import { beforeEach, expect, test } from "vitest";
import { RegistryError } from "./error.ts";
import { ReadingRoom } from "./reading-room.ts";

let room: ReadingRoom;
let reading: string[];
let ends: Map<string, () => void>;
beforeEach(() => {
  room = new ReadingRoom(100);
  reading = [];
  ends = new Map();
});
const never = new AbortController().signal;

/** Reads a document, which lasts until `end`. */
function read(name: string, namespace: string, bytes: number, signal = never): Promise<void> {
  return room.run(namespace, bytes, signal, async () => {
    reading.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
  });
}
async function end(name: string): Promise<void> {
  ends.get(name)?.();
  await new Promise((resolve) => setImmediate(resolve));
}

test("a namespace has half of the room, and others are let in meanwhile", async () => {
  const all = [read("a1", "a", 30), read("a2", "a", 20), read("a3", "a", 1), read("b1", "b", 25), read("b2", "b", 1)];
  expect(reading).toEqual(["a1", "a2", "b1"]);
  await end("b1");
  expect(reading).toEqual(["a1", "a2", "b1", "b2"]);
  await end("a1");
  expect(reading).toEqual(["a1", "a2", "b1", "b2", "a3"]);
  for (const name of ["a2", "b2", "a3"]) await end(name);
  await Promise.all(all);
});

test("who waits takes turns by namespace, and in it in order", async () => {
  const names = ["a1", "a2", "a3", "b1"];
  const all = [read("x", "x", 100), ...names.map((name) => read(name, name.slice(0, 1), 20))];
  expect(reading).toEqual(["x"]);
  await end("x");
  expect(reading).toEqual(["x", "a1", "b1", "a2"]);
  await end("a1");
  expect(reading).toEqual(["x", "a1", "b1", "a2", "a3"]);
  for (const name of ["b1", "a2", "a3"]) await end(name);
  await Promise.all(all);
});

test("one that is larger than the room is read alone, and keeps nobody out for good", async () => {
  const all = [read("a", "a", 40), read("large", "b", 1_000), read("c", "c", 10)];
  expect(reading).toEqual(["a", "c"]);
  await end("a");
  await end("c");
  expect(reading).toEqual(["a", "c", "large"]);
  all.push(read("d", "d", 1));
  expect(reading).toHaveLength(3);
  await end("large");
  expect(reading.at(-1)).toBe("d");
  await end("d");
  await Promise.all(all);
});

test("small ones go ahead of one of usual size eight times, and then the room waits for it", async () => {
  const all = [read("a", "a", 50), read("b", "b", 25), read("x", "x", 10), read("usual", "c", 12.5)];
  for (let n = 0; n < 8; n += 1) {
    all.push(read(`d${n}`, "d", 1));
    expect(reading.at(-1)).toBe(`d${n}`);
    await end(`d${n}`);
  }
  all.push(read("late", "e", 1), read("later", "f", 1));
  expect(reading.at(-1)).toBe("d7");
  await end("b");
  expect(reading.slice(-3)).toEqual(["usual", "late", "later"]);
  for (const name of ["usual", "late", "later", "a", "x"]) await end(name);
  await Promise.all(all);
});

test.each([
  ["larger than an eighth of the room", "c", 13],
  ["of a namespace that fills its share itself", "a", 12],
])("the room does not wait for one that is %s", async (_what, namespace, bytes) => {
  const all = [read("a", "a", 50), read("b", "b", 25), read("x", "x", 10), read("waits", namespace, bytes)];
  for (let n = 0; n < 20; n += 1) {
    all.push(read(`d${n}`, "d", 1));
    expect(reading.at(-1)).toBe(`d${n}`);
    await end(`d${n}`);
  }
  for (const name of ["a", "b", "x", "waits"]) await end(name);
  await Promise.all(all);
});

test("who gives up leaves the line, and whoever fails gives its room back", async () => {
  const ended = new AbortController();
  const first = read("a1", "a", 50);
  const given = read("a2", "a", 50, ended.signal);
  const last = read("a3", "a", 50);
  ended.abort(new Error("no time"));
  await expect(given).rejects.toBeInstanceOf(RegistryError);
  await expect(given).rejects.toMatchObject({ code: "ABORTED" });
  await expect(read("late", "a", 1, ended.signal)).rejects.toMatchObject({ code: "ABORTED" });
  await end("a1");
  expect(reading).toEqual(["a1", "a3"]);
  await end("a3");
  await Promise.all([first, last]);
  await expect(room.run("a", 100, never, () => Promise.reject(new Error("wrong")))).rejects.toThrow("wrong");
  const next = read("a4", "a", 100);
  expect(reading.at(-1)).toBe("a4");
  await end("a4");
  await next;
});
