import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { entry, indexBytes } from "../../test/support/oci/indexes.ts";
import { describe as describeContent } from "../oci/descriptor.ts";
import { ociIndex } from "../oci/media-types.ts";
import { readLayout } from "./layout.ts";
import { LayoutWriter } from "./layout-writer.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-layout-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const first = indexBytes([entry("first")]);
const second = indexBytes([entry("second")]);

async function write(bytes: Uint8Array, tag: string | undefined, directory = folder): Promise<void> {
  const writer = await LayoutWriter.open(directory, "oci:x");
  await writer.blob(bytes);
  await writer.name(describeContent(ociIndex, bytes), tag);
}

async function digests(directory = folder): Promise<[string | undefined, string][]> {
  const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8"));
  return index.manifests.map((each: { digest: string; annotations?: Record<string, string> }) => [
    each.annotations?.["org.opencontainers.image.ref.name"],
    each.digest,
  ]);
}

describe("a layout", () => {
  test("is made where there is none, and can be read again", async () => {
    const inner = join(folder, "deep", "layout");
    await write(first, "v1", inner);
    const read = await readLayout(inner, { tag: "v1" }, { label: "x", signal: AbortSignal.timeout(5_000) });
    expect(read.descriptor).toEqual(describeContent(ociIndex, first));
    expect(await readdir(inner)).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  test("keeps its other images, and gives a name to one only", async () => {
    await write(first, "v1");
    await write(second, "v2");
    await write(second, "v1");
    await write(first, undefined);
    await write(first, undefined);
    const [one, two] = [describeContent("", first).digest, describeContent("", second).digest];
    expect(await digests()).toEqual([
      ["v2", two],
      ["v1", two],
      [undefined, one],
    ]);
  });

  test("keeps what it does not know", async () => {
    await write(first, "v1");
    const path = join(folder, "index.json");
    const index = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...index, annotations: { own: "kept" }, strange: [1] }));
    await write(second, "v2");
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ annotations: { own: "kept" }, strange: [1] });
  });

  test("holds content once", async () => {
    await write(first, "v1");
    await write(first, "v2");
    expect(await readdir(join(folder, "blobs/sha256"))).toHaveLength(1);
  });
});

describe("what cannot be written to", () => {
  test("is a folder with an index.json of something else", async () => {
    await writeFile(join(folder, "index.json"), "{}");
    await expect(write(first, "v1")).rejects.toThrow(/^oci:x: it has an index\.json and no oci-layout/);
  });

  test("is an index.json that is no JSON", async () => {
    await write(first, "v1");
    await writeFile(join(folder, "index.json"), "{");
    await expect(write(first, "v2")).rejects.toMatchObject({ code: "INVALID" });
  });

  test("is a file", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(write(first, "v1", join(folder, "file"))).rejects.toThrow(
      /oci:x: cannot be written: a file is in its place/,
    );
  });

  test("leaves no draft behind", async () => {
    await mkdir(join(folder, "oci-layout"), { recursive: true });
    await mkdir(join(folder, "index.json"), { recursive: true });
    await expect(write(first, "v1")).rejects.toMatchObject({ code: "INVALID" });
    expect((await readdir(folder)).filter((name) => name.endsWith(".draft"))).toEqual([]);
  });
});
