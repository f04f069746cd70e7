import { expect, test } from "vitest";
import { podOf, Shelf } from "../../test/support/binding/shelves.ts";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { parseReference } from "../oci/reference.ts";
import { ReselectMemory } from "./memory.ts";

test("remembers what a reference named, for those who may see it", async () => {
  const shelf = new Shelf();
  const digest = shelf.add("qnib/bench:1", "cpu:skylake");
  const [tagged, byDigest] = [parseReference("qnib/bench:1"), parseReference(`qnib/bench@${digest}`)];
  const memory = new ReselectMemory();
  const secret = (name: string) => podOf("p", "x", { spec: { imagePullSecrets: [{ name }] } });
  const plain = podOf("p", "x");
  memory.put(tagged, secret("a"), "team", await shelf.lookup(tagged));
  for (const reference of [tagged, byDigest]) {
    expect(memory.get(reference, digest, secret("a"), "team")?.descriptor.digest).toBe(digest);
    expect(memory.get(reference, digest, secret("b"), "team")).toBeUndefined();
    expect(memory.get(reference, digest, secret("a"), "other-team")).toBeUndefined();
    expect(memory.get(reference, digest, plain, "team")).toBeUndefined();
  }
  expect(memory.get(tagged, digestOf("another"), secret("a"), "team")).toBeUndefined();
  expect(memory.get(parseReference("qnib/bench:2"), digest, secret("a"), "team")).toBeUndefined();
  memory.put(tagged, plain, "team", await shelf.lookup(tagged));
  expect(memory.get(tagged, digest, plain, "other-team")?.descriptor.digest).toBe(digest);
});

test("one image without a choice is not kept", async () => {
  const shelf = new Shelf();
  shelf.add("qnib/bench", "cpu:skylake");
  const single = parseReference(`qnib/bench@${digestOf("cpu:skylake")}`);
  const memory = new ReselectMemory();
  memory.put(single, podOf("p", "x"), "team", await shelf.lookup(single));
  expect(memory.get(single, digestOf("cpu:skylake"), podOf("p", "x"), "team")).toBeUndefined();
});
