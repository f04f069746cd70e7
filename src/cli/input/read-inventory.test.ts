import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CommandContext } from "../../process/context.ts";
import { Given } from "./given.ts";
import type { MachineOptions } from "./machine-options.ts";
import { readInventory } from "./read-inventory.ts";

const readMachines = async (options: MachineOptions, context: CommandContext) =>
  (await readInventory(options, new Given({}), context)).machines;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-machines-"));
  await mkdir(join(folder, "inventory"));
  await writeFile(join(folder, "inventory/a.yaml"), node("a"));
  await writeFile(join(folder, "inventory/b.yml"), `${node("b")}\n---\n${node("c")}`);
  await writeFile(join(folder, "inventory/notes.txt"), "no YAML: [");
  await writeFile(
    join(folder, "list.json"),
    JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [
        { apiVersion: "v1", kind: "Node", metadata: { name: "d" } },
        { apiVersion: "v1", kind: "Service", metadata: { name: "s" } },
      ],
    }),
  );
  await writeFile(join(folder, "broken.yaml"), "kind: [");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const node = (name: string) => `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}`;
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });

function context(stdin = ""): CommandContext {
  return {
    env: {},
    stdout: nowhere,
    stderr: nowhere,
    stdin: Readable.from([stdin]),
    signal: AbortSignal.timeout(10_000),
  };
}

const none = { nodes: [], machineTypes: [], kubeconfig: undefined, context: undefined };
const read = async (filenames: string[], stdin?: string) =>
  (await readMachines({ ...none, filenames }, context(stdin))).map(({ name }) => name);

describe("machines without a cluster", () => {
  test("come from a folder, a file with several documents, a List, and standard input", async () => {
    expect(await read([join(folder, "inventory")])).toEqual(["a", "b", "c"]);
    expect(await read([join(folder, "inventory/b.yml"), join(folder, "list.json")])).toEqual(["b", "c", "d"]);
    expect(await read(["-", join(folder, "list.json")], node("e"))).toEqual(["e", "d"]);
  });

  test("count once where a file is named twice", async () => {
    expect(await read([join(folder, "list.json"), join(folder, "list.json")])).toEqual(["d"]);
  });

  const refused: [what: string, filenames: () => string[], stdin: string, said: RegExp][] = [
    ["a node that stands in two files", () => [join(folder, "list.json"), "-"], node("d"), /Node d stands twice/],
    ["a file that is not there", () => [join(folder, "none.yaml")], "", /none.yaml: no such file/],
    ["broken YAML", () => [join(folder, "broken.yaml")], "", /broken.yaml: not valid YAML: .*line/],
    ["broken standard input", () => ["-"], "a: [", /standard input: not valid YAML/],
    [
      "a file without machines",
      () => ["-"],
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}",
      /-: no Node and no MachineType/,
    ],
  ];
  test.each(refused)("%s is one clear error", async (_, filenames, stdin, said) => {
    await expect(read(filenames(), stdin)).rejects.toThrow(said);
  });

  test("do not go with a cluster's flags", async () => {
    const asked = { ...none, filenames: [join(folder, "inventory")], kubeconfig: "y" };
    await expect(readMachines(asked, context())).rejects.toThrow(/leave out --kubeconfig/);
  });
});
