import { isMainThread, parentPort, Worker } from "node:worker_threads";

/** Milliseconds between two times that a thread which does nothing else wants to wake. */
const everyMs = 10;

/**
 * How late a thread wakes that does nothing else: what the machine takes from everybody. What the webhook is late beyond
 * it is its own.
 */
export class Lateness {
  readonly #worker = new Worker(new URL(import.meta.url));

  /** The 99th percentile since the last time, ms. */
  async take(): Promise<number> {
    const answer = new Promise<number>((resolve) => this.#worker.once("message", resolve));
    this.#worker.postMessage("take");
    return await answer;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  let late: number[] = [];
  let due = performance.now() + everyMs;
  setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - due));
    due = now + everyMs;
  }, everyMs);
  port.on("message", () => {
    const sorted = late.toSorted((a, b) => a - b);
    port.postMessage(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
    late = [];
  });
}
