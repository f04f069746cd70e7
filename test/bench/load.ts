import { Agent, request } from "node:https";

export interface LoadResult {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly requests: number;
}

export interface Load {
  readonly url: string;
  readonly ca: string;
  /** JSON that is posted. Absent: the URL is got. */
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly requests: number;
  /** Throws where an answer is not what it should be: a server that fails fast must not look fast. */
  readonly check: (answer: unknown) => void;
}

/**
 * A closed loop of keep-alive connections, as the API server's: each sends its next review when the answer to the last
 * has arrived. Bounded by the number of requests. Latency is taken with a monotonic clock to the microsecond, which is
 * why this is not a load testing library: those count whole milliseconds, and the answers take less than one.
 */
export async function load({ url, ca, body, headers, connections, requests, check }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, ca, maxCachedSessions: 0 });
  const latencies: number[] = [];
  let left = requests;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const posted = body === undefined ? {} : { "content-type": "application/json", "content-length": body.length };
      const method = body === undefined ? "GET" : "POST";
      const options = { agent, method, headers: { ...headers, ...posted }, timeout: 10_000 };
      const sent = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          latencies.push(performance.now() - began);
          try {
            if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
            if (latencies.length % 64 === 1) check(JSON.parse(Buffer.concat(chunks).toString("utf8")));
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.once("timeout", () => sent.destroy(new Error(`${url} did not answer within 10 s`)));
      sent.once("error", reject);
      sent.end(body);
    });
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  const began = performance.now();
  try {
    await Promise.all(Array.from({ length: connections }, loop));
  } finally {
    agent.destroy();
  }
  const seconds = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (part: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), perSecond: requests / seconds, requests };
}

/** The middle one; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
