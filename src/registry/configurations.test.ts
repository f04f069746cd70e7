import { describe, expect, test } from "vitest";
import { putImage, putIndex, type StoredDescriptor } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { type ContentStore, digestOf } from "../../test/support/registry/store.ts";
import { parseReference } from "../oci/reference.ts";
import { ImageSource } from "./images.ts";

const fixture = registryFixture();
const repository = "team/app";
const access = () => ({ credentials: undefined, signal: AbortSignal.timeout(10_000) });
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An index of these images, none of which has a platform, and how it is looked up. */
async function shelf(put: (store: ContentStore) => Promise<readonly StoredDescriptor[]>) {
  const running = await fixture.registry();
  await putIndex(running.store, repository, "v1", await put(running.store));
  const images = new ImageSource(fixture.client());
  const lookup = async () => {
    const image = await images.lookup(parseReference(`${running.host}/${repository}:v1`), access());
    if (image.kind !== "index") expect.unreachable("it is an index");
    return image;
  };
  return { running, lookup };
}

describe("an entry without a platform", () => {
  test("has that of its configuration, and a warm answer asks nothing", async () => {
    const { running, lookup } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ os: "linux", architecture: "arm64", variant: "v8" })),
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    const { variants, written, unread } = await lookup();
    expect(variants.map(({ platform, position }) => [platform, position])).toEqual([
      [{ os: "linux", architecture: "arm64" }, 0],
      [{ os: "linux", architecture: "amd64" }, 1],
    ]);
    expect([written, unread]).toEqual([
      [
        { leads: 0, configured: { os: "linux", architecture: "arm64", variant: "v8" } },
        { leads: 1, configured: { os: "linux", architecture: "amd64" } },
      ],
      undefined,
    ]);
    const asked = running.requests.length;
    expect((await lookup()).variants).toBe(variants);
    expect(running.requests.length).toBe(asked);
  });

  test.each<[string, (store: ContentStore) => Promise<StoredDescriptor>]>([
    [
      "whose configuration is not there",
      (store) => putImage(store, repository, undefined, json({}), { config: { digest: digestOf(json(1)), size: 1 } }),
    ],
    ["whose configuration is no JSON", (store) => putImage(store, repository, undefined, Buffer.from("{"))],
    ["whose configuration is a list", (store) => putImage(store, repository, undefined, json([]))],
    [
      "whose configuration has a wrong type",
      (store) => putImage(store, repository, undefined, json({ architecture: 64 })),
    ],
    [
      "whose configuration asks for more of the system",
      (store) => putImage(store, repository, undefined, json({ architecture: "amd64", "os.features": ["thing"] })),
    ],
    ["that names no configuration", (store) => putImage(store, repository, undefined, json({}), { config: null })],
  ])("%s is unread, and costs the others nothing", async (_, put) => {
    const { lookup } = await shelf(async (store) => [
      await put(store),
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    const { variants, unread, warnings } = await lookup();
    expect([variants.map(({ position }) => position), unread]).toEqual([[1], [0]]);
    expect(warnings).toEqual(["manifests[0] has no platform and is not chosen: its configuration was not read."]);
  });

  test("whose configuration names no architecture is no image", async () => {
    const { lookup } = await shelf(async (store) => [await putImage(store, repository, undefined, json({}))]);
    expect(await lookup()).toMatchObject({ variants: [], written: [{ leads: "artifact" }], warnings: [] });
  });

  test("whose configuration is too large is not asked for", async () => {
    const size = 1_048_577;
    const { running, lookup } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({}), { config: { digest: digestOf(json(1)), size } }),
    ]);
    expect((await lookup()).unread).toEqual([0]);
    expect(running.requests.some(({ path }) => path.includes("/blobs/"))).toBe(false);
  });

  test("whose configuration is larger than it is said to be is not read to its end", async () => {
    let closed: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { running, lookup } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    const piece = new Uint8Array(65_536);
    running.faults.add({ path: /blobs/, fault: { kind: "repeat", piece, times: 4096, closed: () => closed?.() } });
    expect((await lookup()).unread).toEqual([0]);
    await ended;
  });

  test("whose configuration is not what its digest names is unread", async () => {
    const { running, lookup } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    running.faults.add({ path: /blobs/, fault: { kind: "body", bytes: json({ architecture: "arm64" }) } });
    expect(await lookup()).toMatchObject({ variants: [], unread: [0] });
  });

  test("is read again where its registry failed for a moment", async () => {
    const { running, lookup } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    running.faults.add({ path: /blobs/, times: 1, fault: { kind: "status", status: 500 } });
    expect(await lookup()).toMatchObject({ variants: [], unread: [0] });
    expect(await lookup()).toMatchObject({ variants: [{ platform: { architecture: "amd64" } }] });
  });

  test("is one of at most sixteen that are read", async () => {
    const numbers = Array.from({ length: 18 }, (_, number) => number);
    const { running, lookup } = await shelf((store) =>
      Promise.all(numbers.map((n) => putImage(store, repository, undefined, json({ architecture: "amd64", n })))),
    );
    expect((await lookup()).unread).toEqual([16, 17]);
    expect(running.requests.filter(({ path }) => path.includes("/blobs/"))).toHaveLength(16);
  });
});
