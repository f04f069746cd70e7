import { Agent, request } from "node:https";

export interface Stream {
  readonly url: string;
  readonly ca: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Pulls that run side by side, each of the whole blob. */
  readonly connections: number;
  /** Bytes of the blob: what is shorter is no pull. */
  readonly size: number;
}

/** MiB each second, of all pulls together. Redirects are not followed. */
export async function stream({ url, ca, headers, connections, size }: Stream): Promise<number> {
  const agent = new Agent({ ca, maxSockets: connections });
  const pull = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { agent, headers, timeout: 60_000 }, (response) => {
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
        });
        response.once("error", reject);
        response.once("end", () => {
          if (response.statusCode === 200 && bytes === size) resolve();
          else reject(new Error(`${url} answered ${response.statusCode} with ${bytes} of ${size} bytes`));
        });
      });
      sent.once("timeout", () => sent.destroy(new Error(`${url} fell silent`)));
      sent.once("error", reject);
      sent.end();
    });
  const began = performance.now();
  try {
    await Promise.all(Array.from({ length: connections }, pull));
  } finally {
    agent.destroy();
  }
  return (connections * size) / 1_048_576 / ((performance.now() - began) / 1_000);
}
