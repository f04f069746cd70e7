import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  CoreV1Api,
  createConfiguration,
  makeInformer,
  type RequestContext,
  ServerConfiguration,
} from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Fault, status } from "../../test/support/api-server/fake.ts";
import { reasonGone, startTwoClients, type TwoClients } from "../../test/support/api-server/two-clients.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { Reflector } from "./reflector/reflector.ts";
import { resource } from "./resource.ts";

// The reasons of docs/decisions/0003-kubernetes-client.md, tried against the installed client-node. A test that goes
// red because client-node does better is no fault of ours: the record is to be reconsidered.

const nodes = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const nodesPath = "/api/v1/nodes";
const root = join(import.meta.dirname, "../..");
const { signal } = new AbortController();
/** For trials that wait a second, or for processes, on a machine that does other work too. */
const patient = { timeout: 30_000 };

let both: TwoClients;
beforeEach(async () => {
  both = await startTwoClients();
  both.server.store.put(nodesPath, { apiVersion: "v1", kind: "Node", metadata: { name: "n" } });
});
afterEach(() => both.close());

describe("watching", () => {
  interface Followers {
    readonly theirs: { readonly names: string[]; readonly errors: unknown[] };
    readonly ours: ReadonlyMap<string, string>;
    /** Ends both. */
    stop(): Promise<void>;
  }

  /** Both follow the nodes; ours waits at least a second before it comes back, as long as client-node's informer. */
  async function follow(): Promise<Followers> {
    const api = both.theirs.makeApiClient(CoreV1Api);
    const informer = makeInformer(both.theirs, nodesPath, () => api.listNode());
    const theirs = { names: [] as string[], errors: [] as unknown[] };
    informer.on("add", ({ metadata }) => theirs.names.push(metadata?.name ?? ""));
    informer.on("error", (error) => theirs.errors.push(error));
    await informer.start();
    const ended = new AbortController();
    const reflector = new Reflector<string>({
      client: both.ours,
      resource: nodes,
      transform: ({ metadata }) => metadata.name,
      backoff: { minMs: 1_500, baseMs: 1_500, maxMs: 1_500 },
    });
    const running = reflector.run(ended.signal);
    await reflector.synced;
    const stop = async (): Promise<void> => {
      await informer.stop();
      ended.abort();
      await running;
    };
    return { theirs, ours: reflector.store, stop };
  }

  const watchesOf = (agent: RegExp) =>
    both.server.requests.filter(({ query, headers }) => query.has("watch") && agent.test(headers["user-agent"] ?? ""));
  /** client-node's watch names no client: undici's own name stands there. */
  const theirAgent = /^(?!test$)/;
  const ourAgent = /^test$/;

  test("1: one 503 on a watch stops an informer for good; a reflector comes back", patient, async () => {
    const busy: Fault = ({ query }, response) =>
      query.has("watch") && status(response, 503, "ServiceUnavailable", "starting");
    both.server.once(busy);
    both.server.once(busy);
    const { theirs, ours, stop } = await follow();
    await both.server.until(() => watchesOf(ourAgent).length === 2);
    both.server.store.put(nodesPath, { metadata: { name: "later" } });
    await expect.poll(() => [...ours.keys()]).toContain("later");
    expect(theirs.errors).toMatchObject([{ statusCode: 503 }]);
    expect(watchesOf(theirAgent), reasonGone(1)).toHaveLength(1);
    expect(theirs.names, reasonGone(1)).toEqual(["n"]);
    await stop();
  });

  test("2: a listener that throws ends the process; with a reflector it goes on", patient, async () => {
    const run = async (client: string, watch: number) => {
      const script = join(root, "test/support/api-server/throwing-listener.ts");
      const { server, authority } = both;
      const child = spawn(process.execPath, [script, client, server.url, authority], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = once(child, "close");
      const printed = Promise.all([text(child.stdout), text(child.stderr)]);
      await Promise.race([server.watch(watch), ended]);
      const threw = once(child.stdout, "data");
      server.store.put(nodesPath, { metadata: { name: "bad" } });
      await Promise.race([threw, ended]);
      server.store.put(nodesPath, { metadata: { name: "good" } });
      const [code] = await ended;
      const [stdout, stderr] = await printed;
      server.store.delete(nodesPath, "bad");
      server.store.delete(nodesPath, "good");
      return { code, stdout, stderr };
    };
    const theirs = await run("client-node", 0);
    expect(theirs, reasonGone(2)).toMatchObject({ code: 1, stdout: "bad\n" });
    expect(theirs.stderr).toContain("the listener threw");
    expect(await run("metahub", 1)).toEqual({ code: 0, stdout: "bad\ngood\n", stderr: "" });
  });

  test("3: an informer asks for no bookmarks; a reflector does", async () => {
    const { stop } = await follow();
    await both.server.until(() => both.server.watches.length === 2);
    const asked = (agent: RegExp) => watchesOf(agent).map(({ query }) => query.get("allowWatchBookmarks"));
    expect(asked(theirAgent), reasonGone(3)).toEqual([null]);
    expect(asked(ourAgent)).toEqual(["true"]);
    await stop();
  });
});

describe("calling", () => {
  test("4: each request opens a TLS connection; ours opens none once it has them", async () => {
    const { server, theirs, ours } = both;
    const opened = async (times: number, read: () => Promise<unknown>): Promise<number> => {
      const before = server.connections;
      for (let n = 0; n < times; n++) await read();
      return server.connections - before;
    };
    const api = theirs.makeApiClient(CoreV1Api);
    expect(await opened(20, () => api.readNode({ name: "n" })), reasonGone(4)).toBe(20);
    const readOurs = () => ours.get({ resource: nodes, name: "n" }, { signal });
    expect(await opened(20, readOurs)).toBeLessThanOrEqual(2);
    expect(await opened(200, readOurs)).toBe(0);
  });

  test("5: a call has no deadline; ours gives up after 30 seconds", async () => {
    const { server, theirs } = both;
    const held: (() => void)[] = [];
    server.always((_, response) => {
      held.push(() => status(response, 404, "NotFound", "at last"));
      return true;
    });
    const signals: unknown[] = [];
    const configuration = createConfiguration({
      baseServer: new ServerConfiguration(server.url, {}),
      authMethods: { default: theirs },
      promiseMiddleware: [
        {
          pre: async (context: RequestContext) => {
            signals.push(context.getSignal());
            return context;
          },
          post: async (response) => response,
        },
      ],
    });
    const reading = new CoreV1Api(configuration).readNode({ name: "n" }).catch((error: unknown) => error);
    const clock = new ManualClock();
    const call = both.connect({ clock }).get({ resource: nodes, name: "n" }, { signal });
    const ours = expect(call).rejects.toMatchObject({ code: "TIMEOUT" });
    await server.until(() => held.length === 2);
    await clock.advance(30_000);
    await ours;
    for (const answer of held) answer();
    expect(await reading).toMatchObject({ code: 404 });
    expect(signals, reasonGone(5)).toEqual([undefined]);
  });

  test("6: an answer 429 with Retry-After is the end of a call; ours comes again when it was told to", async () => {
    const { server, theirs } = both;
    const busy: Fault = (_, response) =>
      status(response, 429, "TooManyRequests", "busy", { headers: { "retry-after": "1" } });
    server.once(busy);
    const answer = theirs.makeApiClient(CoreV1Api).readNode({ name: "n" });
    await expect(answer, reasonGone(6)).rejects.toMatchObject({ code: 429 });
    server.once(busy);
    const clock = new ManualClock();
    const reading = both.connect({ clock, random: () => 0 }).get({ resource: nodes, name: "n" }, { signal });
    await clock.timer((ms) => ms === 1_000);
    await clock.advance(1_000);
    expect((await reading).metadata.name).toBe("n");
  });
});

test("11: importing client-node costs some 15 MiB more than our client", patient, async () => {
  const heapOf = async (module: string): Promise<number> => {
    const script =
      "gc(); const before = process.memoryUsage().heapUsed; await import(process.argv[1]); gc(); console.log(process.memoryUsage().heapUsed - before)";
    const args = ["--expose-gc", "--input-type=module", "--eval", script, module];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    return Number(stdout) / 2 ** 20;
  };
  const theirs = await heapOf(import.meta.resolve("@kubernetes/client-node"));
  const ours = await heapOf(pathToFileURL(join(import.meta.dirname, "client/client.ts")).href);
  expect(theirs - ours, reasonGone(11)).toBeGreaterThan(8);
});
