import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { Answers } from "./answers.ts";
import { byteCache, ownText } from "./byte-cache.ts";
import { Contents } from "./contents.ts";
import { RegistryError } from "./error.ts";
import { Health } from "./health.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes in use, of JavaScript's objects and of buffers, that `fill` adds and that what it returns keeps. */
function growth(fill: () => unknown): { readonly bytes: number; readonly kept: unknown } {
  const used = (): number => {
    for (let times = 0; times < 3; times += 1) collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const kept = fill();
  return { bytes: used() - before, kept };
}

const MiB = 1024 * 1024;
/** Twice as many entries as fit. */
const enough = (bytes: number, length: number): number => Math.ceil((2 * bytes) / (400 + length));
/** Names of the given length that nothing shares. */
const name = (n: number, length: number): string => `${n}`.padEnd(length, "x");

describe("what strangers fill stays within its bytes, and a fifth", () => {
  const lengths = [10, 100, 600, 4_000];

  test.each(lengths)("keys of %i characters", (length) => {
    const { bytes, kept } = growth(() => {
      const cache = byteCache<{ readonly n: number }>(4 * MiB);
      for (let n = 0; n < enough(4 * MiB, length); n += 1) cache.set(name(n, length), { n });
      return cache;
    });
    expect(bytes).toBeLessThan(4 * MiB * 1.2);
    expect(kept).toBeDefined();
  });

  test.each(lengths)("answers for tags, and refusals, of names of %i characters", async (length) => {
    const answers = new Answers<{ readonly digest: string }>({
      maxBytes: 4 * MiB,
      sizeOf: ({ digest }) => digest.length,
      negativeTtlMs: 1,
      now: () => 0,
    });
    const cause = Buffer.alloc(10_000);
    const { bytes } = growth(() => {
      for (let n = 0; n < enough(4 * MiB, length); n += 1) answers.put(name(n, length), { digest: digestOf("a") }, 1);
      return answers;
    });
    expect(bytes).toBeLessThan(4 * MiB * 1.2);
    for (let n = 0; n < 3_000; n += 1) {
      const refused = answers.remember(name(n, length), 1, () => {
        throw new RegistryError("NOT_FOUND", name(n, length), { cause: Buffer.from(cause) });
      });
      await refused.catch(() => undefined);
    }
    expect(growth(() => answers).bytes).toBeLessThan(MiB);
  });

  test.each(lengths)("the rights of accounts of %i characters, and small contents", (length) => {
    const contents = new Contents(4 * MiB, () => 0);
    const { bytes } = growth(() => {
      for (let n = 0; n < enough(8 * MiB, length); n += 1) {
        // As from the network: a small part of something larger.
        const part = Buffer.from(name(n, 8_192)).subarray(0, 40);
        contents.put(name(n, length), { mediaType: "m", digest: digestOf(`${n}`), size: 40, bytes: part });
      }
      return contents;
    });
    expect(bytes).toBeLessThan((4 + 8) * MiB * 1.2);
  });

  test.each(lengths)("the health of hosts and repositories of %i characters", (length) => {
    const health = new Health({ failures: 1, openMs: 1, maxOpenMs: 1, maxThrottleMs: 1 }, () => 0);
    const { bytes } = growth(() => {
      for (let n = 0; n < enough(MiB, length); n += 1) {
        const host = name(n, length);
        const subject = { host, service: "blobs", repository: host, account: host, tenant: host } as const;
        health.begin(subject, "GET x").failed("answer");
        health.throttle(subject, undefined);
      }
      return health;
    });
    expect(bytes).toBeLessThan(3 * MiB * 1.2);
  });
});

test("a text of its own keeps nothing of the one that it was cut from", () => {
  const cut = (own: (text: string) => string): number =>
    growth(() => Array.from({ length: 200 }, (_, n) => own(name(n, 32_768).slice(100, 140)))).bytes;
  expect(cut(ownText)).toBeLessThan(200 * 1_000);
  expect(ownText("é→x")).toBe("é→x");
});
