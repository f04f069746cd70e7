import { createServer, request } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { type Level, levels } from "./cluster.ts";
import { ClusterError, describeError } from "./error.ts";

/** What a test file asks the process that owns what all test files share. */
export type Shared = Level | "registry";

/** `dir`: of the cluster; `host`: of the registry; `skip`: why there is none, and `packages` that would bring it; `error`: why it failed. */
export const Answer = z.union([
  z.object({ dir: z.string() }),
  z.object({ host: z.string() }),
  z.object({ skip: z.string(), packages: z.array(z.string()).readonly() }),
  z.object({ error: z.string() }),
]);
export type Answer = z.infer<typeof Answer>;

export interface Lender {
  readonly url: string;
  close(): Promise<void>;
}

const sharedThings: readonly string[] = [...levels, "registry"];

/**
 * Serves clusters and a registry to the processes of one test run, each made at the first request for it, so that a run
 * of unit tests or of one level starts nothing else. On loopback, under a path that others cannot guess.
 */
export async function openLender(make: (what: Shared) => Promise<Answer>): Promise<Lender> {
  const secret = crypto.randomUUID();
  const made = new Map<string, Promise<Answer>>();
  const server = createServer((incoming, response) => {
    const [, given, what = ""] = (incoming.url ?? "").split("/");
    const shared = sharedThings.find((one): one is Shared => one === what);
    if (given !== secret || shared === undefined) {
      response.writeHead(404).end();
      return;
    }
    const answer = made.get(shared) ?? make(shared).catch((error: unknown) => ({ error: describeError(error) }));
    made.set(shared, answer);
    void answer.then((body) => response.setHeader("content-type", "application/json").end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new ClusterError("start", "the lender got no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/${secret}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Asks for something shared. It may take as long as building Kubernetes does. */
export async function borrow(url: string, what: Shared, signal: AbortSignal): Promise<Answer> {
  const body = await new Promise<unknown>((resolve, reject) => {
    const sent = request(`${url}/${what}`, { signal, agent: false });
    sent.once("error", reject);
    sent.once("response", (response) => json(response).then(resolve, reject));
    sent.end();
  });
  const answer = Answer.parse(body);
  if ("error" in answer) throw new ClusterError("start", answer.error);
  return answer;
}
