import { beforeEach, describe, expect, test } from "vitest";
import { at, BindingBench, signal } from "../../test/support/binding/bench.ts";
import { bindingOf, contextOf, podOf } from "../../test/support/binding/shelves.ts";
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
  beforeEach(() => {
    answer = Promise.withResolvers();
    const context = contextOf(bench.shelf);
    const lookup: typeof context.lookup = async (...asked) => {
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

  test("the first runs out of time, and may be carried out all the same: the second does not write yet", async () => {
    const ended = new AbortController();
    const one = first.handle(bindingOf("p", "s"), ended.signal);
    await expect.poll(() => bench.server.reads).toBe(1);
    ended.abort(new Error("over"));
    answer.resolve();
    await one;
    const reading = bench.server.read.bind(bench.server);
    bench.server.read = (namespace, name) => {
      if (bench.waited.length === 2) bench.server.set(podOf("p", "qnib/bench", { spec: { nodeName: "s" } }));
      return reading(namespace, name);
    };
    await first.handle(bindingOf("p", "b"), signal);
    expect([await bench.outcomes(), bench.server.patches]).toEqual([["deadline", "stale"], []]);
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
    const annotations = { [selectionAnnotation]: JSON.stringify({ main }) };
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
