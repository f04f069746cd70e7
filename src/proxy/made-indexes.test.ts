import { expect, test } from "vitest";
import type { ProxyError } from "./error.ts";
import { MadeIndexes } from "./made-indexes.ts";
import type { MadeIndex } from "./made-record.ts";
import type { SharedRecord } from "./shared-record.ts";

const made = (count: number): MadeIndex => ({
  digest: `d${count}`,
  name: "docker.io/a",
  from: `f${count}`,
  build: "b",
});
const fail = (error: ProxyError): void => {
  throw error;
};

/** A record whose writes end when the test says so. */
class SlowRecord implements SharedRecord<MadeIndex> {
  readonly place = "the record";
  readonly batches: (readonly MadeIndex[])[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];

  add(all: readonly MadeIndex[]): Promise<void> {
    this.batches.push(all);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    return end.promise;
  }

  async read(): Promise<readonly MadeIndex[]> {
    return this.batches.flat();
  }

  end(error?: Error): void {
    const end = this.#ends.shift();
    if (error === undefined) end?.resolve();
    else end?.reject(error);
  }
}

test("an index is remembered once it is written, and all that wait meanwhile are written together", async () => {
  const record = new SlowRecord();
  const own = new MadeIndexes({ record, onError: fail });
  const done: number[] = [];
  const remember = (count: number) => own.remember(made(count)).then(() => void done.push(count));
  const first = remember(1);
  await expect.poll(() => record.batches.length).toBe(1);
  const rest = Promise.all([remember(2), remember(3), remember(2)]);
  expect(done).toEqual([]);
  record.end();
  await first;
  expect(done).toEqual([1]);
  await expect.poll(() => record.batches).toEqual([[made(1)], [made(2), made(3)]]);
  record.end();
  await rest;
  expect(done.toSorted()).toEqual([1, 2, 2, 3]);
});

test("one that could not be written is written with the next one, and is known meanwhile", async () => {
  const record = new SlowRecord();
  const errors: string[] = [];
  const own = new MadeIndexes({ record, onError: ({ code }) => void errors.push(code) });
  const first = own.remember(made(1));
  await expect.poll(() => record.batches.length).toBe(1);
  record.end(new Error("no space left"));
  await first;
  expect(errors).toEqual(["RECORD_UNUSABLE"]);
  expect(own.known("docker.io/a", "d1")).toEqual(made(1));
  const second = own.remember(made(2));
  await expect.poll(() => record.batches.at(-1)).toEqual([made(1), made(2)]);
  record.end();
  await second;
});

test("what another one wrote is found, under the name of its repository alone", async () => {
  const record = new SlowRecord();
  record.batches.push([made(1)]);
  const own = new MadeIndexes({ record, onError: fail });
  expect(own.known("docker.io/a", "d1")).toBeUndefined();
  expect(await own.find("docker.io/b", "d1")).toBeUndefined();
  expect(await own.find("docker.io/a", "d1")).toEqual(made(1));
});

test("memory is bounded, and the last ones stay", async () => {
  const own = new MadeIndexes({ record: undefined, most: 10, onError: fail });
  for (let count = 0; count < 100; count += 1) await own.remember(made(count));
  expect(await own.find("docker.io/a", "d89")).toBeUndefined();
  expect(await own.find("docker.io/a", "d90")).toEqual(made(90));
});
