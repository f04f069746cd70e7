import fc from "fast-check";
import { expect, test } from "vitest";
import { at, BindingBench, signal } from "../../test/support/binding/bench.ts";
import { podOf } from "../../test/support/binding/shelves.ts";
import { LogLines } from "../../test/support/fuzz/log-lines.ts";
import { feed, fuzzing } from "../../test/support/fuzz/runs.ts";
import { spoiledTexts } from "../../test/support/fuzz/spoil.ts";
import { signedNotes } from "../../test/support/note-keys.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import { AdmissionError } from "../webhook/error.ts";
import { parseReview } from "../webhook/review.ts";

const review = (more: object): object => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "u",
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    subResource: "binding",
    namespace: "default",
    name: "p",
    object: { metadata: { name: "p", uid: "uid-p", annotations: { a: "b" } }, target: { kind: "Node", name: "s" } },
    ...more,
  },
});
const reviews = [
  review({}),
  review({ object: { metadata: { name: "p" }, target: { name: "b" } }, dryRun: true }),
  review({ resource: { group: "", version: "v1", resource: "bindings" }, subResource: undefined }),
];

test(
  "whatever binding comes, of a Pod with whatever note, it passes, and is told of within bounds",
  fuzzing,
  async () => {
    const lines = new LogLines();
    const bench = new BindingBench();
    const index = bench.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
    const note = { asked: "qnib/bench", index, variant: digestOf("cpu:skylake"), node: "b", code: "selected" };
    const handler = bench.handler({ log: lines.log });
    let written = 0;
    const signed = JSON.parse(signedNotes({ main: note })[selectionAnnotation] ?? "");
    await feed(fc.tuple(spoiledTexts(...reviews), spoiledTexts(signed)), async ([text, selection]) => {
      // The API server takes 256 KiB of annotations.
      const annotations = { [selectionAnnotation]: selection.slice(0, 262_144) };
      bench.server.set(podOf("p", at("cpu:skylake"), { annotations }));
      bench.server.patches.length = 0;
      bench.events.facts.length = 0;
      try {
        const { response } = await handler.handle(parseReview(Buffer.from(text)), signal);
        expect(response.allowed || response.status?.code === 409).toBe(true);
        for (const said of [...(response.warnings ?? []), response.status?.message ?? ""]) {
          expect(said).toMatch(/^[^\p{Cc}\p{Cs}]{0,400}$/u);
        }
        written += bench.server.patches.length;
        for (const { note: told } of bench.events.facts) expect(told.length).toBeLessThan(4_096);
      } catch (error) {
        if (!(error instanceof AdmissionError)) throw error;
        expect(error.message.length).toBeLessThan(300);
      } finally {
        lines.hold();
      }
    });
    expect(written).toBeGreaterThan(30);
  },
);
