import { beforeEach, describe, expect, test } from "vitest";
import { at, BindingBench, signal } from "../../test/support/binding/bench.ts";
import { bindingOf, podOf } from "../../test/support/binding/shelves.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { KubernetesError } from "../kubernetes/error.ts";
import { heldMs } from "./hold.ts";

let bench: BindingBench;
beforeEach(() => {
  bench = new BindingBench();
});

describe("somebody else writes between our reading and our writing", () => {
  test("another image: computed anew from what is there", async () => {
    bench.shelf.add("qnib/bench:2", { name: "second", features: "cpu:skylake" });
    bench.server.cache.set("p", bench.server.set(podOf("p", "qnib/bench")));
    bench.server.meanwhile = (attempt) => void (attempt === 1 && bench.server.set(podOf("p", "qnib/bench:2")));
    expect(await bench.bind("p", "s")).toEqual(["written"]);
    expect([bench.image("p"), bench.server.patches.length]).toEqual([at("second"), 2]);
  });

  test("other annotations: theirs stay", async () => {
    bench.server.cache.set("p", bench.server.set(podOf("p", "qnib/bench")));
    bench.server.meanwhile = (attempt) =>
      attempt === 1 &&
      bench.server.set({
        ...podOf("p", "qnib/bench"),
        metadata: { name: "p", uid: "uid-p", annotations: { theirs: "1" } },
      });
    expect(await bench.bind("p", "s")).toEqual(["written"]);
    expect(bench.server.pods.get("p")?.metadata.annotations).toMatchObject({ theirs: "1" });
  });

  test.each<[string, () => void]>([
    ["it is bound", () => bench.server.set(podOf("p", "qnib/bench", { spec: { nodeName: "b" } }))],
    ["it is gone", () => bench.server.pods.delete("p")],
    ["it is another", () => bench.server.set({ ...podOf("p", "qnib/bench"), metadata: { name: "p", uid: "new" } })],
  ])("%s: nothing is written", async (_, change) => {
    bench.server.cache.set("p", bench.server.set(podOf("p", "qnib/bench")));
    bench.server.meanwhile = change;
    expect(await bench.bind("p", "s")).toEqual(["stale"]);
    expect(bench.image("p") ?? "qnib/bench").toBe("qnib/bench");
  });

  test("over and over: given up", async () => {
    bench.server.set(podOf("p", "qnib/bench"));
    bench.server.meanwhile = (attempt) =>
      bench.server.set(
        podOf("p", "qnib/bench", { annotations: { "metahub.dev/x": "", [selectionAnnotation]: `${attempt}` } }),
      );
    expect(await bench.bind("p", "s")).toEqual(["failed"]);
    expect(bench.server.patches).toHaveLength(5);
  });
});

test.each(["INVALID", "FORBIDDEN"] as const)(
  "a refusal with %s is a policy's: one try, an Event, the Pod as it was",
  async (code) => {
    bench.server.set(podOf("p", "qnib/bench"));
    bench.server.refuse = new KubernetesError(code, "no", { causes: [{ message: "signature missing" }] });
    expect(await bench.bind("p", "s")).toEqual(["refused"]);
    expect([bench.image("p"), bench.server.patches.length, bench.events.reasons]).toEqual([
      "qnib/bench",
      1,
      ["SelectionRefused"],
    ]);
    expect(bench.events.facts[0]?.note).toContain("signature missing");
  },
);

test("a write that was lost on its way is sent again, and counts once", async () => {
  bench.server.cache.set("p", bench.server.set(podOf("p", "qnib/bench")));
  const writing = bench.server.write.bind(bench.server);
  let lost = 0;
  bench.server.write = async (...args) => {
    await writing(...args);
    if (lost++ === 0) throw new KubernetesError("UNREACHABLE", "the connection was closed");
  };
  expect(await bench.bind("p", "s")).toEqual(["unchanged"]);
  expect([bench.image("p"), lost]).toEqual([at("cpu:skylake"), 1]);
});

test("a write that took long, and was written over by another replica: this binding is refused", async () => {
  bench.server.set(podOf("p", "qnib/bench"));
  const writing = bench.server.write.bind(bench.server);
  bench.server.write = async (...args) => {
    await writing(...args);
    bench.now = new Date(bench.now.getTime() + heldMs);
    bench.server.set(podOf("p", at("cpu:broadwell")));
  };
  const { response } = await bench.handler().handle(bindingOf("p", "s"), signal);
  expect(response).toMatchObject({ allowed: false, status: { code: 409 } });
});
