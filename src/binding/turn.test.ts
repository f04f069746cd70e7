import { beforeEach, describe, expect, test } from "vitest";
import { at, BindingBench, signal } from "../../test/support/binding/bench.ts";
import { bindingOf, contextOf, podOf } from "../../test/support/binding/shelves.ts";
import { signedNotes } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { KubernetesError } from "../kubernetes/error.ts";
import type { BindingHandler } from "./handler.ts";

let bench: BindingBench;
beforeEach(() => {
  bench = new BindingBench();
});

describe("two bindings of a Pod at once", () => {
  /** The first one's look-up at a registry, which the test ends. */
  let answer: PromiseWithResolvers<void>;
  let first: BindingHandler;
  let lookups = 0;
  beforeEach(() => {
    lookups = 0;
    answer = Promise.withResolvers();
    const context = contextOf(bench.shelf);
    const lookup: typeof context.lookup = async (...asked) => {
      lookups += 1;
      await answer.promise;
      return context.lookup(...asked);
    };
    first = bench.handler({ context: { ...context, lookup } });
    bench.server.set(podOf("p", "qnib/bench"));
  });
  /** Until somebody has looked again. */
  const looked = (count: number) => expect.poll(() => bench.waited.length).toBeGreaterThanOrEqual(count);

  test("the second waits for the first, and finds the Pod bound", async () => {
    const one = first.handle(bindingOf("p", "s"), signal);
    const two = first.handle(bindingOf("p", "b"), signal);
    await looked(3);
    expect(bench.server.patches).toEqual([]);
    answer.resolve();
    await one;
    const written = bench.server.pods.get("p");
    bench.server.set(podOf("p", at("cpu:skylake"), { spec: { nodeName: "s" } }));
    expect((await two).response.allowed).toBe(true);
    expect(written?.spec.containers?.[0]?.image).toBe(at("cpu:skylake"));
    expect([await bench.outcomes(), bench.server.patches.length]).toEqual([["written", "stale"], 1]);
  });

  test("the first came to nothing: the second goes on a little later", async () => {
    const one = first.handle(bindingOf("p", "s"), signal);
    const two = first.handle(bindingOf("p", "b"), signal);
    answer.resolve();
    await Promise.all([one, two]);
    expect([bench.image("p"), await bench.outcomes()]).toEqual([at("cpu:broadwell"), ["written", "written"]]);
  });

  test("the first runs out of time before it wrote: the second does not wait", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), ended.signal);
    await expect.poll(() => lookups).toBe(1);
    // Whoever waits for the look-up has begun to, by then.
    await new Promise((resolve) => setImmediate(resolve));
    ended.abort(new Error("over"));
    answer.resolve();
    await one;
    await first.handle(bindingOf("p", "b"), signal);
    expect([await bench.outcomes(), bench.waited]).toEqual([["deadline", "written"], []]);
  });

  test("the first runs out of time as it writes, and may be carried out all the same: the second does not write yet", async () => {
    const ended = new AbortController();
    answer.resolve();
    const writing = bench.server.write.bind(bench.server);
    bench.server.write = async (...args) => {
      bench.server.write = writing;
      await writing(...args);
      ended.abort(new Error("over"));
      throw new KubernetesError("ABORTED", "over");
    };
    await first.handle(bindingOf("p", "s"), ended.signal);
    const reading = bench.server.read.bind(bench.server);
    bench.server.read = (namespace, name) => {
      if (bench.waited.length === 2) {
        bench.server.set(podOf("p", at("cpu:skylake"), { spec: { nodeName: "s" } }));
      }
      return reading(namespace, name);
    };
    await first.handle(bindingOf("p", "b"), signal);
    expect([await bench.outcomes(), bench.image("p")]).toEqual([["deadline", "stale"], at("cpu:skylake")]);
  });

  test("the second runs out of time: it is refused", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), signal);
    const two = first.handle(bindingOf("p", "b"), ended.signal);
    await looked(1);
    ended.abort(new Error("over"));
    expect((await two).response).toMatchObject({ allowed: false, status: { code: 409 } });
    answer.resolve();
    await one;
    expect(await bench.outcomes()).toEqual(["conflict", "written"]);
  });

  test("the second's time is over while it reads the Pod: it is refused too", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), signal);
    const reading = bench.server.read.bind(bench.server);
    bench.server.read = (namespace, name) => {
      if (bench.waited.length !== 1) return reading(namespace, name);
      ended.abort(new Error("over"));
      return Promise.reject(new KubernetesError("ABORTED", "over"));
    };
    const two = first.handle(bindingOf("p", "b"), ended.signal);
    expect((await two).response).toMatchObject({ allowed: false, status: { code: 409 } });
    answer.resolve();
    await one;
    expect(bench.image("p")).toBe(at("cpu:skylake"));
  });

  test("one that was refused holds the Pod no longer", async () => {
    const note = { asked: "qnib/bench", index: bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell") };
    const main = { ...note, variant: digestOf("cpu:skylake"), node: "s", at: "2026-11-23T12:00:00Z" };
    const annotations = signedNotes({ main });
    bench.server.set(podOf("p", at("cpu:skylake"), { annotations }));
    answer.resolve();
    const ended = new AbortController();
    const reading = bench.server.read.bind(bench.server);
    bench.server.read = (namespace, name) => {
      if (bench.waited.length === 1) ended.abort(new Error("over"));
      return reading(namespace, name);
    };
    const refused = await first.handle(bindingOf("p", "b"), ended.signal);
    expect(refused.response.allowed).toBe(false);
    const looks = bench.waited.length;
    expect((await first.handle(bindingOf("p", "s"), signal)).response.allowed).toBe(true);
    expect(bench.waited).toHaveLength(looks);
  });

  test("a crowd does not wait: it is refused at once", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `crowd-${index}`);
    for (const name of names) bench.server.set(podOf(name, "qnib/bench"));
    const firsts = names.map((name) => first.handle(bindingOf(name, "s"), signal));
    const ended = new AbortController();
    const seconds = names.map((name) => first.handle(bindingOf(name, "b"), ended.signal));
    const refused = (await Promise.all(seconds.slice(16))).map(({ response }) => response.status?.code);
    expect(refused).toEqual([409, 409, 409, 409]);
    ended.abort(new Error("over"));
    answer.resolve();
    await Promise.all([...firsts, ...seconds]);
  });

  test("the same node twice, another Pod of that name, and a dry run wait for nobody", async () => {
    const one = first.handle(bindingOf("p", "s"), signal);
    const again = first.handle(bindingOf("p", "s"), signal);
    const dry = first.handle(bindingOf("p", "b", { dryRun: true }), signal);
    const object = { metadata: { name: "p", uid: "uid-new" }, target: { kind: "Node", name: "b" } };
    expect((await first.handle(bindingOf("p", "b", { object }), signal)).response.allowed).toBe(true);
    answer.resolve();
    await Promise.all([one, again, dry]);
    expect(bench.waited).toEqual([]);
    expect(bench.image("p")).toBe(at("cpu:skylake"));
  });
});

test("while a binding waits for a node that may never come, another one has the Pod at once", async () => {
  const come = Promise.withResolvers<boolean>();
  const isKnown = (name: string) => (name === "x" ? come.promise : Promise.resolve(true));
  const handler = bench.handler({ nodes: { ...bench.nodes, isKnown } });
  bench.server.set(podOf("p", "qnib/bench"));
  const forged = handler.handle(bindingOf("p", "x"), signal);
  expect((await handler.handle(bindingOf("p", "b"), signal)).response.allowed).toBe(true);
  expect([bench.image("p"), bench.waited]).toEqual([at("cpu:broadwell"), []]);
  come.resolve(false);
  await forged;
  expect(await bench.outcomes()).toEqual(["written", "unknown-node"]);
});

describe("once a binding is answered, another one to another node", () => {
  const chosenFor = (node: string, build: string) => {
    const index = bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
    const main = { asked: "qnib/bench", index, variant: digestOf(build), node, at: "2026-11-23T11:59:30Z" };
    return { annotations: signedNotes({ main }) };
  };
  const lost = new KubernetesError("UNREACHABLE", "the connection was closed");
  const rows: Readonly<Record<string, readonly [boolean, string, () => void]>> = {
    written: [true, "s", () => bench.server.set(podOf("p", "qnib/bench"))],
    corrected: [
      true,
      "s",
      () => {
        const { main } = JSON.parse(chosenFor("", "cpu:broadwell").annotations[selectionAnnotation] ?? "");
        const { node: _, ...note } = main;
        const annotations = signedNotes({ main: note });
        bench.server.set(podOf("p", at("cpu:broadwell"), { annotations }));
      },
    ],
    returned: [
      true,
      "s",
      () => {
        const index = bench.shelf.add("qnib/bench", "nvcap:9.0", "nvcap:8.0");
        const main = { asked: "qnib/bench", index, variant: digestOf("nvcap:9.0"), node: "b" };
        const annotations = signedNotes({ main: { ...main, at: "2026-11-23T11:59:30Z" } });
        bench.server.set(podOf("p", at("nvcap:9.0"), { annotations }));
      },
    ],
    unchanged: [true, "s", () => bench.server.set(podOf("p", at("cpu:skylake"), chosenFor("s", "cpu:skylake")))],
    "unchanged, without a choice": [
      false,
      "s",
      () => {
        bench.shelf.add("qnib/single", "");
        bench.server.set(podOf("p", `qnib/single@${digestOf("")}`));
      },
    ],
    "unknown-node": [false, "x", () => bench.server.set(podOf("p", "qnib/bench"))],
    undecided: [false, "s", () => bench.server.set(podOf("p", "qnib/away"))],
    "nothing-fits": [
      false,
      "s",
      () => {
        bench.shelf.add("qnib/gpu", "nvcap:9.0");
        bench.server.set(podOf("p", "qnib/gpu"));
      },
    ],
    unproven: [
      false,
      "s",
      () => {
        const index = bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
        const main = { asked: "qnib/bench", index, variant: digestOf("cpu:broadwell") };
        const annotations = { [selectionAnnotation]: JSON.stringify({ main }) };
        bench.server.set(podOf("p", at("cpu:broadwell"), { annotations }));
      },
    ],
    skipped: [
      false,
      "s",
      () => bench.server.set(podOf("p", "qnib/bench", { labels: { "metahub.dev/rewrite": "disabled" } })),
    ],
    stale: [false, "s", () => undefined],
    refused: [
      false,
      "s",
      () => {
        bench.server.set(podOf("p", "qnib/bench"));
        bench.server.refuse = new KubernetesError("INVALID", "no", { causes: [{ message: "signature missing" }] });
      },
    ],
    failed: [
      false,
      "s",
      () => {
        bench.server.set(podOf("p", "qnib/bench"));
        bench.server.refuse = new KubernetesError("UNAUTHORIZED", "who are you?");
      },
    ],
    "failed, and perhaps written": [
      true,
      "s",
      () => {
        bench.server.set(podOf("p", "qnib/bench"));
        bench.server.refuse = lost;
      },
    ],
  };

  test.each(Object.entries(rows))("after %s", async (outcome, [waits, node, given]) => {
    given();
    const handler = bench.handler();
    await handler.handle(bindingOf("p", node), signal);
    expect(await bench.outcomes()).toEqual([outcome.split(",")[0]]);
    bench.server.refuse = undefined;
    const before = bench.waited.length;
    await handler.handle(bindingOf("p", "b"), signal);
    expect(bench.waited.length > before).toBe(waits);
  });
});
