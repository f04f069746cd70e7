import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseManifests } from "../manifests/parse.ts";
import { readFolder } from "../manifests/sources.ts";
import { FileInventory, type FileInventoryError } from "./files.ts";

const node = (name: string): string => `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\n`;
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

let folder: string;
let inventory: FileInventory | undefined;
const errors: FileInventoryError[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-inventory-"));
  errors.length = 0;
});
afterEach(async () => {
  await inventory?.close();
  inventory = undefined;
  await rm(folder, { recursive: true, force: true });
});
const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const names = (): readonly string[] => [...(inventory?.snapshot()?.nodes.keys() ?? [])];

/** Resolves with the next snapshot. */
function next(of: FileInventory): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const off = of.onChange(({ nodes }) => {
      off();
      resolve([...nodes.keys()]);
    });
  });
}
function open(onError: (error: FileInventoryError) => void = (error) => errors.push(error)): FileInventory {
  inventory = new FileInventory({ folder, onError });
  return inventory;
}

test("reads every manifest of a folder in order, and passes over what is none", async () => {
  await write("b.yml", node("two"));
  await write("a.yaml", node("one"));
  await write("c.json", JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name: "three" } }));
  await write("README.md", "not: [yaml");
  await write(".hidden.yaml", "not: [yaml");
  const sources = await readFolder(folder, signal());
  const found = sources.flatMap(({ name, text }) => parseManifests(text, name));
  expect(found.map(({ place }) => place.replace(folder, ""))).toEqual(["/a.yaml", "/b.yml", "/c.json"]);
});

test("follows the folder: a file changes, comes and goes", async () => {
  await write("a.yaml", node("one"));
  const opened = open();
  await opened.synced;
  expect(names()).toEqual(["one"]);
  await next(opened); // The second reading, once the watch is there.
  for (const [change, expected] of [
    [() => write("a.yaml", node("uno")), ["uno"]],
    [() => write("b.yaml", node("two")), ["uno", "two"]],
    [() => rm(join(folder, "a.yaml")), ["two"]],
  ] as const) {
    const changed = next(opened);
    await change();
    expect(await changed).toEqual(expected);
  }
  expect(errors).toEqual([]);
});

test("a mistake in a changed file is told, and what was read before stays", async () => {
  await write("a.yaml", node("one"));
  const told = Promise.withResolvers<FileInventoryError>();
  const opened = open(told.resolve);
  await opened.synced;
  await next(opened);
  await write("a.yaml", "a: [");
  expect(await told.promise).toMatchObject({ code: "YAML_INVALID" });
  expect(names()).toEqual(["one"]);
  const repaired = next(opened);
  await write("a.yaml", node("again"));
  expect(await repaired).toEqual(["again"]);
});

test.each<[string, () => Promise<void>, FileInventoryError["code"], RegExp]>([
  [
    "a folder that is not there",
    () => rm(folder, { recursive: true }),
    "UNREADABLE",
    /no such file or folder; a folder/,
  ],
  ["a mistake in a file", () => write("a.yaml", "a: ["), "YAML_INVALID", /a\.yaml: not valid YAML/],
])("%s at the start is a failure", async (_name, prepare, code, message) => {
  await prepare();
  await expect(open().synced).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test("nothing is told after the end", async () => {
  await write("a.yaml", node("one"));
  const opened = open();
  await opened.synced;
  await opened.close();
  await write("a.yaml", "a: [");
  await opened.close();
  expect(errors).toEqual([]);
});
