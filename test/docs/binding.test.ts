import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseMachineType } from "../../src/api/parse-machine-type.ts";
import { parsePod } from "../../src/api/parse-pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { bindingOutcomes } from "../../src/binding/outcome.ts";
import { bindingPatch } from "../../src/binding/patch.ts";
import type { Reselection } from "../../src/binding/reselection.ts";
import { reviewPod } from "../../src/rewriting/reviewed-pod.ts";
import { codeBlocks } from "./blocks.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/binding.md"), "utf8");
const blocks = codeBlocks(page);
const [json] = blocks.filter(({ language }) => language === "json");
const [yaml] = blocks.filter(({ language }) => language === "yaml");
/** The first column of the table under a header that begins so. */
const column = (header: string): readonly string[] => {
  const [, table = ""] = page.split(`\n| ${header}`);
  return [...(table.split("\n\n")[0] ?? "").matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);
};

test("has no example that is not looked at here", () => {
  const drawn = blocks.filter(({ language }) => language === "mermaid" || language === "text" || language === "sh");
  expect(blocks.filter((block) => !drawn.includes(block))).toEqual([json, yaml]);
});

test("the JSON Patch is the one that is sent", () => {
  const operations = z
    .array(z.object({ op: z.string(), path: z.string(), value: z.string().nullable() }))
    .parse(JSON.parse(json?.text ?? ""));
  const value = (op: string, path: string) => operations.find((one) => one.op === op && one.path.endsWith(path))?.value;
  const [uid, image] = [value("test", "/uid") ?? "", value("test", "/image") ?? ""];
  const reviewed = reviewPod(
    parsePod({
      metadata: { name: "p", uid, annotations: { [selectionAnnotation]: "…" } },
      spec: { containers: [{ name: "main", image }] },
    }),
  );
  const [place] = reviewed.places;
  if (place === undefined) throw new Error("the Pod has an image");
  const note = { asked: image, at: "", code: "selected", reason: "" };
  const write = { image: value("replace", "/image") ?? "", note };
  const chosen: Reselection = { place, kind: "choose", code: "selected", reason: "", surprising: false, write };
  const shown = (one: { readonly path: string; readonly value?: unknown }) =>
    one.path.includes("annotations") ? { ...one, value: "…" } : one;
  expect(bindingPatch(reviewed, [chosen]).map(shown)).toEqual(operations);
});

test("the MachineType is one", () => {
  expect(parseMachineType(load(yaml?.text ?? "")).spec.deviceAttributes).toHaveLength(1);
});

test("every outcome is in the table, and no other", () => {
  expect(column("outcome").toSorted()).toEqual(bindingOutcomes.toSorted());
});

test("every Event is in the table, and no other", () => {
  const sources = ["src/binding/events.ts", "src/controller/pods/bound-event.ts"].map((file) =>
    readFileSync(join(root, file), "utf8"),
  );
  const reasons = sources.flatMap((source) => [...source.matchAll(/"([A-Z][a-z]+[A-Z]\w+)"/g)].map(([, name]) => name));
  expect(column("Event").toSorted()).toEqual([...new Set(reasons)].toSorted());
});
