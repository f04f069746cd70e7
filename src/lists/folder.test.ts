import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseReference } from "../oci/reference.ts";
import { FolderLists } from "./folder.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-lists-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const yaml = (image: string) =>
  `image: ${image}\nmanifests: [{image: "${image}:a", platform: {architecture: amd64, features: ["cpu:skylake"]}}]\n`;

test("a folder's lists are followed, and one that cannot be read changes nothing", async () => {
  await writeFile(join(folder, "a.yaml"), yaml("qnib/one"));
  await writeFile(join(folder, "type.yaml"), "apiVersion: v1\nkind: Node\nmetadata: {name: n}\n");
  const errors: unknown[] = [];
  const lists = new FolderLists({ folder, onError: (error) => errors.push(error) });
  try {
    await lists.synced;
    const found = (image: string) => lists.book().find(parseReference(image), undefined)?.shown;
    expect(found("qnib/one:any")).toBe(`the list in ${join(folder, "a.yaml")}`);
    await writeFile(join(folder, "b.yaml"), "image: qnib/two\nmanifests: [{image: 7}]\n");
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({ code: "OBJECT_INVALID", message: expect.stringContaining("b.yaml") });
    expect(found("qnib/one")).toBeDefined();
    await writeFile(join(folder, "b.yaml"), yaml("qnib/two"));
    await expect.poll(() => found("qnib/two"), { timeout: 10_000 }).toBeDefined();
  } finally {
    await lists.close();
  }
});
