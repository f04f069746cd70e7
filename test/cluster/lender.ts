import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { z } from "zod";
import { type Level, levels } from "./cluster.ts";
import { ClusterError, describeError } from "./error.ts";

/** What a test file asks the process that owns what test files share. */
export type Shared = Level | "registry";

/**
 * `dir`: of the cluster; `host`: of the registry; `skip`: why there is none, and `packages` that would bring it; `error`:
 * why it failed.
 */
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

/** Something that was lent. Whoever ends gives back what it has. */
export interface Loan {
  readonly answer: Exclude<Answer, { readonly error: string }>;
  giveBack(): void;
}

const sharedThings: readonly string[] = [...levels, "registry"];

/**
 * Serves clusters and registries to the processes of one test run. One borrower at a time has each; another is made
 * when all are lent, so that a run of unit tests or of one level starts nothing else. A loan is a response that is not
 * ended: the connection's end, which the borrower's death brings too, gives back. On loopback, under a path that others
 * cannot guess.
 */
export async function openLender(make: (what: Shared) => Promise<Answer>): Promise<Lender> {
  const secret = crypto.randomUUID();
  const free = new Map<Shared, Answer[]>();
  /** Why something cannot be lent: for everybody. */
  const refusals = new Map<Shared, Answer>();

  const take = async (what: Shared): Promise<Answer> => {
    const ready = refusals.get(what) ?? free.get(what)?.shift();
    if (ready !== undefined) return ready;
    const made = await make(what).catch((error: unknown) => ({ error: describeError(error) }));
    if ("skip" in made || "error" in made) refusals.set(what, made);
    return made;
  };
  const lend = async (what: Shared, response: ServerResponse): Promise<void> => {
    const answer = await take(what);
    const back = (): void => {
      if (!refusals.has(what)) free.set(what, [...(free.get(what) ?? []), answer]);
    };
    if (response.destroyed) return back();
    response.once("close", back);
    response.setHeader("content-type", "application/json");
    response.write(`${JSON.stringify(answer)}\n`);
  };
  const server = createServer((incoming, response) => {
    const [, given, what = ""] = (incoming.url ?? "").split("/");
    const shared = sharedThings.find((one): one is Shared => one === what);
    if (given === secret && shared !== undefined) void lend(shared, response);
    else response.writeHead(404).end();
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
export async function borrow(url: string, what: Shared, signal: AbortSignal): Promise<Loan> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${url}/${what}`, { signal, agent: false });
    sent.once("error", reject);
    sent.once("response", resolve);
    sent.end();
  });
  const answer = Answer.parse(JSON.parse(await firstLine(response)));
  const giveBack = (): void => void response.destroy();
  if (!("error" in answer)) return { answer, giveBack };
  giveBack();
  throw new ClusterError("start", answer.error);
}

/** Leaves the response open, without keeping this process for it. */
function firstLine(response: IncomingMessage): Promise<string> {
  response.socket.unref();
  return new Promise((resolve, reject) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.endsWith("\n")) resolve(text);
    });
    // Once there is an answer, the end says only that the lender is closed.
    response.on("error", reject);
    response.once("end", () => reject(new ClusterError("start", "the lender ended without an answer")));
  });
}
