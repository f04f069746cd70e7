import { expect, test } from "vitest";
import { collectEach } from "./heap.ts";

const mib = 1_048_576;

test("buffers that pass are collected before they are many", () => {
  const passed = collectEach(2 * mib);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let piece = 0; piece < 8_192; piece++) {
    passed(Buffer.alloc(65_536, piece).length);
    if (piece % 16 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  // 512 MiB have passed.
  expect(most).toBeLessThan(12 * mib);
});
