import { afterEach, describe, expect, test, vi } from "vitest";
import { putImage, putIndex, type StoredDescriptor } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { type ContentStore, digestOf } from "../../test/support/registry/store.ts";
import { OciError } from "../oci/error.ts";
import { parseReference } from "../oci/reference.ts";
import { eventLoop } from "../time/slices.ts";
import { type ContentReader, readConfigurations } from "./configurations.ts";
import { ImageSource } from "./images.ts";
import { ReadingRoom } from "./reading-room.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const fixture = registryFixture();
const repository = "team/app";
const access = () => ({ credentials: undefined, signal: AbortSignal.timeout(10_000) });
/** Half a mebibyte of history. */
const long = Array.from({ length: 8_192 }, () => ({ created_by: "x".repeat(46) }));
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An index of these images, none of which has a platform, and how it is looked up. */
async function shelf(put: (store: ContentStore) => Promise<readonly StoredDescriptor[]>) {
  const running = await fixture.registry();
  await putIndex(running.store, repository, "v1", await put(running.store));
  let now = 1_000_000;
  const images = new ImageSource(fixture.client(), { now: () => now });
  const lookup = async (tag = "v1") => {
    const image = await images.lookup(parseReference(`${running.host}/${repository}:${tag}`), access());
    if (image.kind !== "index") expect.unreachable("it is an index");
    return image;
  };
  const advance = (ms: number): void => {
    now += ms;
  };
  return { running, lookup, advance };
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

  test.each([
    ["15 s", "failed for a moment", 500, 15_000],
    ["10 minutes", "refused it", 403, 600_000],
    ["10 minutes", "did not have it", 404, 600_000],
  ])("is read again after %s where its registry %s, and costs nothing until then", async (_time, _what, status, ms) => {
    const { running, lookup, advance } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    running.faults.add({ path: /blobs/, times: 1, fault: { kind: "status", status } });
    expect(await lookup()).toMatchObject({ variants: [], unread: [0] });
    const asked = running.requests.length;
    advance(ms - 1);
    expect(await lookup()).toMatchObject({ variants: [], unread: [0] });
    expect(running.requests.length).toBe(asked);
    advance(1);
    expect(await lookup()).toMatchObject({ variants: [{ platform: { architecture: "amd64" } }] });
  });

  test("that fails again and again leaves the manifests of its repository to be asked for", async () => {
    const { running, lookup, advance } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    running.faults.add({ path: /blobs/, fault: { kind: "status", status: 500 } });
    for (let times = 0; times < 8; times += 1) {
      expect((await lookup()).unread).toEqual([0]);
      advance(15_000);
    }
    const blobs = running.requests.filter(({ path }) => path.includes("/blobs/")).length;
    expect(blobs).toBe(5);
    const platform = { os: "linux", architecture: "arm64" };
    await putIndex(running.store, repository, "v2", [
      { ...(await putImage(running.store, repository, undefined, json({ n: 2 }))), platform },
    ]);
    expect((await lookup("v2")).variants).toHaveLength(1);
  });

  test("is read in slices, in its turn, as far as the bytes for one index go", async () => {
    const { running, lookup } = await shelf((store) =>
      Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          putImage(store, repository, undefined, json({ architecture: "amd64", history: long, n })),
        ),
      ),
    );
    const slices = vi.spyOn(eventLoop, "run");
    const room = vi.spyOn(ReadingRoom.prototype, "run");
    const { variants, unread } = await lookup();
    // The bytes of all that is read for one index are bounded: the first ones are read, whatever order they came in.
    expect(variants.map(({ position }) => position)).toEqual([0, 1, 2]);
    expect(unread).toEqual([3, 4, 5, 6, 7]);
    const read = slices.mock.calls.filter(([, , what]) => what === "reading a configuration");
    expect(read).toHaveLength(8 + 3);
    expect(room.mock.calls.filter(([, bytes]) => bytes > 524_288)).toHaveLength(3);
    expect(running.requests.filter(({ path }) => path.includes("/blobs/"))).toHaveLength(3);
  });

  test("that is given up for its time is read again soon, whatever it fails with then", async () => {
    const entry = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digestOf(json({})), size: 2 };
    const reader: ContentReader = {
      manifest: async (_entry, patience) => {
        await new Promise((resolve) => patience.addEventListener("abort", resolve, { once: true }));
        throw new OciError("JSON_SYNTAX", "half of it");
      },
      blob: () => expect.unreachable("its manifest has no configuration"),
      inTurn: (_bytes, _signal, work) => work(),
    };
    vi.useFakeTimers();
    const reading = readConfigurations([entry], reader, new AbortController().signal);
    await vi.runAllTimersAsync();
    expect(await reading).toEqual({ configured: new Map([[entry.digest, "unread"]]), retryMs: 15_000 });
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

describe("a list that is not whole", () => {
  const tenant = (namespace: string) => ({ ...access(), tenant: { namespace, review: {} } });

  test("is its namespace's own, and never in the place of a whole one", async () => {
    const { running } = await shelf(async (store) => [
      await putImage(store, repository, undefined, json({ architecture: "amd64" })),
    ]);
    const images = new ImageSource(fixture.client());
    const lookup = async (namespace: string) =>
      await images.lookup(parseReference(`${running.host}/${repository}:v1`), tenant(namespace));
    running.faults.add({ path: /blobs/, times: 1, fault: { kind: "status", status: 500 } });
    expect(await lookup("evil")).toMatchObject({ variants: [], unread: [0], incomplete: true });
    const whole = await lookup("victim");
    expect(whole).toMatchObject({ variants: [{ platform: { architecture: "amd64" } }] });
    expect(whole).not.toHaveProperty("incomplete");
    // Now it is whole for everybody.
    expect(await lookup("evil")).toMatchObject({ variants: [{ platform: { architecture: "amd64" } }] });
  });
});
