import { appendFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { blobPath, writeLayout } from "../../test/support/oci/layout.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { computeDigest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";
import { openLayer } from "./layer.ts";

const fixture = registryFixture();
const content = Buffer.alloc(300_000, "layer");
const digest = computeDigest(content);
const access = () => ({ credentials: undefined, signal: AbortSignal.timeout(20_000) });

/** A layout that holds the content, and the path of its blob. */
async function layout(): Promise<{ readonly directory: string; readonly blob: string }> {
  const directory = await mkdtemp(join(tmpdir(), "metahub-layer-"));
  onTestFinished(async () => await rm(directory, { recursive: true }));
  await writeLayout(directory, [], [content]);
  return { directory, blob: join(directory, blobPath(digest)) };
}

test("a layer is read from disk each time that it is sent", async () => {
  const { directory } = await layout();
  const layer = await openLayer(directory, digest, "oci:x");
  if (layer === undefined) expect.unreachable("the layer is there");
  expect(layer).toMatchObject({ digest, size: content.length });
  for (const _time of [1, 2]) expect((await buffer(layer.open())).equals(content)).toBe(true);
});

test("one that is not there is left to the registry", async () => {
  const { directory } = await layout();
  expect(await openLayer(directory, computeDigest(Buffer.from("other")), "oci:x")).toBeUndefined();
});

test.each<[name: string, change: (blob: string) => Promise<void>]>([
  ["changed content", async (blob) => await appendFile(blob, "x")],
  ["no content", async (blob) => await writeFile(blob, "")],
  [
    "a symbolic link",
    async (blob) => {
      await writeFile(`${blob}.real`, content);
      await rm(blob);
      await symlink(`${blob}.real`, blob);
    },
  ],
])("%s is refused, and says which file it is", async (_name, change) => {
  const { directory, blob } = await layout();
  await change(blob);
  await expect(openLayer(directory, digest, "oci:x")).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
    message: expect.stringContaining(`oci:x: ${digest}`),
  });
});

test.each<[name: string, change: (blob: string) => Promise<void>]>([
  ["grows", async (blob) => await appendFile(blob, "x")],
  ["shrinks", async (blob) => await writeFile(blob, "x")],
  ["goes", async (blob) => await rm(blob)],
])("a file that %s between the two readings is no failure of the registry", async (_name, change) => {
  const { directory, blob } = await layout();
  const running = await fixture.registry();
  const layer = await openLayer(directory, digest, "oci:x");
  if (layer === undefined) expect.unreachable("the layer is there");
  await change(blob);
  const client = fixture.client();
  const reference = parseReference(`${running.host}/team/app`);
  for (let times = 0; times < 6; times += 1) {
    await expect(client.pushBlob(reference, layer, access())).rejects.toMatchObject({ code: "INVALID" });
  }
  expect(await client.pushBlob(reference, content, access())).toBe(digest);
});
