import { describe, expect, test } from "vitest";
import { putImage, putIndex, putManifest } from "../../test/support/registry/content.ts";
import type { Fault } from "../../test/support/registry/faults.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { Keyring } from "../credentials/keyring.ts";
import { parseReference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import { ImageSource } from "./images.ts";

const fixture = registryFixture();
const access = (): Access => ({ credentials: undefined, signal: AbortSignal.timeout(10_000) });
const linux = { os: "linux", architecture: "amd64" };

describe("ImageSource", () => {
  test("one image is a manifest, and its bytes are never fetched", async () => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    const reference = parseReference(`${running.host}/team/app:v1`);
    const image = await new ImageSource(fixture.client()).lookup(reference, access());
    expect(image).toEqual({ kind: "manifest", reference, descriptor: pushed });
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD"]);
  });

  test("nested indexes become one list; a warm answer is the same list and asks nothing", async () => {
    const running = await fixture.registry();
    const [plain, fast] = [
      await putManifest(running.store, "team/app", undefined, "plain"),
      await putManifest(running.store, "team/app", undefined, "fast"),
    ];
    const inner = await putIndex(running.store, "team/app", undefined, [
      { ...fast, platform: { ...linux, features: ["cpu:skylake"] } },
    ]);
    const outer = await putIndex(running.store, "team/app", "v1", [{ ...plain, platform: linux }, inner]);
    const images = new ImageSource(fixture.client());
    const reference = parseReference(`${running.host}/team/app:v1`);
    const [image, again] = await Promise.all([images.lookup(reference, access()), images.lookup(reference, access())]);
    if (image.kind !== "index" || again.kind !== "index") expect.unreachable("both are indexes");
    expect(image.descriptor).toEqual(outer);
    expect(image.variants.map(({ digest, requires }) => [digest, requires])).toEqual([
      [plain.digest, []],
      [fast.digest, [[{ namespace: "cpu", value: "skylake" }]]],
    ]);
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD", "GET", "GET"]);
    const warm = await images.lookup(reference, access());
    if (warm.kind !== "index") expect.unreachable("it is an index");
    expect(warm.variants).toBe(image.variants);
    expect(running.requests).toHaveLength(3);
  });

  test("an index is read whose registry says another length in the answer to a HEAD", async () => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", undefined, "x");
    await putIndex(running.store, "team/app", "v1", [{ ...pushed, platform: linux }]);
    running.faults.add({ path: /v1/, method: "HEAD", fault: { kind: "headers", headers: { "content-length": "1" } } });
    const image = await new ImageSource(fixture.client()).lookup(
      parseReference(`${running.host}/team/app:v1`),
      access(),
    );
    expect(image.kind === "index" && image.variants.length).toBe(1);
  });

  test("and one that has others nested in it, of which a short answer refuses nothing", async () => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", undefined, "x");
    const inner = await putIndex(running.store, "team/app", undefined, [{ ...pushed, platform: linux }]);
    await putIndex(running.store, "team/app", "v1", [inner]);
    running.faults.add({ path: /v1/, method: "HEAD", fault: { kind: "headers", headers: { "content-length": "1" } } });
    const reference = parseReference(`${running.host}/team/app:v1`);
    const image = await new ImageSource(fixture.client()).lookup(reference, access());
    expect(image.kind === "index" && image.variants.map(({ digest }) => digest)).toEqual([pushed.digest]);
  });

  test("an answer to a HEAD that says too large a length refuses the index while it is believed, and not for good", async () => {
    const running = await fixture.registry();
    const only = await putManifest(running.store, "team/app", undefined, "x");
    await putIndex(running.store, "team/app", "v1", [{ ...only, platform: linux }]);
    const headers = { "content-length": "999999999" };
    running.faults.add({ path: /v1/, method: "HEAD", times: 1, fault: { kind: "headers", headers } });
    let now = 1_000_000;
    const images = new ImageSource(fixture.client({ now: () => now }));
    const lookup = () => images.lookup(parseReference(`${running.host}/team/app:v1`), access());
    await expect(lookup()).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("TOO_LARGE") });
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD"]);
    now += 60_000;
    expect(await lookup()).toMatchObject({ variants: [{ digest: only.digest }] });
  });

  test("a nested index that is larger than was claimed is refused", async () => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", undefined, "x");
    const inner = await putIndex(running.store, "team/app", undefined, [{ ...pushed, platform: linux }]);
    await putIndex(running.store, "team/app", "v1", [{ ...inner, size: inner.size - 1 }]);
    const images = new ImageSource(fixture.client());
    const reference = parseReference(`${running.host}/team/app:v1`);
    await expect(images.lookup(reference, access())).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("SIZE_MISMATCH"),
    });
  });

  test("of one namespace no more large indexes are fetched at once than are read at once, and another's is", async () => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", undefined, "x");
    const texts = ["v1", "v2", "v3"];
    for (const text of texts) {
      const large = { ...pushed, platform: linux, annotations: { text: text.repeat(1_500_000) } };
      await putIndex(running.store, "team/app", text, [large]);
    }
    await putIndex(running.store, "team/app", "small", [{ ...pushed, platform: linux }]);
    running.faults.add({ path: /sha256/, method: "GET", times: 1, fault: { kind: "hang" } });
    const images = new ImageSource(fixture.client());
    const ended = new AbortController();
    const of = (namespace: string): Access => ({
      credentials: undefined,
      signal: ended.signal,
      tenant: { namespace, review: {} },
    });
    const lookup = (tag: string, namespace: string) =>
      images.lookup(parseReference(`${running.host}/team/app:${tag}`), of(namespace));
    const large = Promise.allSettled(texts.map((text) => lookup(text, "evil")));
    await running.received(({ method }) => method === "GET");
    expect(await lookup("small", "victim")).toMatchObject({ kind: "index" });
    expect(running.requests.filter(({ method }) => method === "GET")).toHaveLength(2);
    ended.abort();
    await large;
  });

  test("tries each credential of the keyring until one is let in", async () => {
    const running = await fixture.registry({ auth: { scheme: "bearer", users: { ann: "right" } } });
    await putManifest(running.store, "team/app", "v1", "x");
    const images = new ImageSource(fixture.client());
    const reference = parseReference(`${running.host}/team/app:v1`);
    const keyring = (...passwords: readonly string[]): Keyring =>
      new Keyring([
        {
          candidates: async () => passwords.map((password) => ({ kind: "basic" as const, username: "ann", password })),
        },
      ]);
    const { signal } = access();
    await expect(images.lookupWith(reference, { keyring: keyring("wrong", "right"), signal })).resolves.toMatchObject({
      kind: "manifest",
    });
    await expect(images.lookupWith(reference, { keyring: keyring("wrong"), signal })).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
    await expect(images.lookupWith(reference, { keyring: keyring(), signal })).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
  });

  test("a registry that is down fails fast, and is found again when it is back", async () => {
    const first = await fixture.registry();
    await putManifest(first.store, "team/app", "v1", "x");
    let now = 0;
    const images = new ImageSource(fixture.client({ now: () => now, tagTtlMs: 0 }));
    const reference = parseReference(`${first.host}/team/app:v1`);
    await images.lookup(reference, access());
    await first.close();
    const codes: unknown[] = [];
    for (let times = 0; times < 7; times += 1) {
      await images.lookup(reference, access()).catch((error: unknown) => {
        codes.push(error instanceof Error && "code" in error ? error.code : error);
      });
    }
    expect(codes).toEqual([...new Array(5).fill("UNREACHABLE"), "CIRCUIT_OPEN", "CIRCUIT_OPEN"]);
    const port = Number(first.host.split(":")[1]);
    const second = await fixture.registry({ port, store: first.store });
    await expect(images.lookup(reference, access())).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    now += 1_000;
    await expect(images.lookup(reference, access())).resolves.toMatchObject({ kind: "manifest" });
    expect(second.requests).toHaveLength(1);
  });

  test("hosts that never answer take no places from another namespace, and no answer that it waits for", async () => {
    const [good, slow] = [await fixture.registry(), await fixture.registry({ address: "0.0.0.0" })];
    const pushed = await putManifest(good.store, "team/app", "v1", "x");
    slow.faults.add({ path: /./, fault: { kind: "hang" } });
    good.faults.add({ path: /slow/, fault: { kind: "hang" } });
    const client = fixture.client({ timeouts: { headersMs: 60_000 }, total: 8, perHost: 4 });
    const images = new ImageSource(client);
    const port = slow.host.split(":").at(-1);
    const ended = new AbortController();
    const of = (namespace: string): Access => ({
      credentials: undefined,
      signal: ended.signal,
      tenant: { namespace, review: {} },
    });
    const numbers = Array.from({ length: 80 }, (_, n) => n + 1);
    const wanted = [
      ...numbers.flatMap((n) => [`${good.host}/slow/app:v${n}`, `127.0.1.${n}:${port}/x`]),
      `${good.host}/team/app:v1`,
    ];
    const attack = wanted.map((text) => images.lookup(parseReference(text), of("evil")));
    const outcomes = Promise.allSettled(attack);
    await slow.received(() => true);
    await good.received(({ path }) => path.includes("slow"));
    const image = await images.lookup(parseReference(`${good.host}/team/app:v1`), of("victim"));
    expect(image.descriptor).toEqual(pushed);
    ended.abort();
    await outcomes;
  });

  test("a repository that answers 500 keeps nobody from the others of its registry", async () => {
    const running = await fixture.registry();
    const good = await putManifest(running.store, "good/app", "v1", "x");
    running.faults.add({ path: /evil/, fault: { kind: "status", status: 500 } });
    const images = new ImageSource(fixture.client({ tagTtlMs: 0 }));
    const codes: unknown[] = [];
    for (let times = 0; times < 12; times += 1) {
      const evil = parseReference(`${running.host}/evil/app:v${times}`);
      await images.lookup(evil, access()).catch((error: unknown) => {
        codes.push(error instanceof Error && "code" in error ? error.code : error);
      });
      const image = await images.lookup(parseReference(`${running.host}/good/app:v1`), access());
      expect(image.descriptor).toEqual(good);
    }
    expect(codes).toEqual([...new Array(5).fill("SERVER_ERROR"), ...new Array(7).fill("CIRCUIT_OPEN")]);
  });

  test("an index that was read once needs no registry where its digest is written, and is shown to nobody else", async () => {
    const running = await fixture.registry({ auth: { scheme: "basic", users: { ann: "a", bob: "b" } } });
    const plain = await putManifest(running.store, "team/app", undefined, "plain");
    const index = await putIndex(running.store, "team/app", "v1", [{ ...plain, platform: linux }]);
    await putIndex(running.store, "other/app", "v1", [{ ...plain, platform: linux }]);
    let now = 0;
    const images = new ImageSource(fixture.client({ now: () => now }));
    const as = (username: string): Access => ({
      ...access(),
      credentials: { kind: "basic", username, password: username.slice(0, 1) },
    });
    const tagged = parseReference(`${running.host}/team/app:v1`);
    const pinned = parseReference(`${running.host}/team/app@${index.digest}`);
    const read = await images.lookup(tagged, as("ann"));
    await images.lookup(tagged, as("bob"));
    await running.close();
    for (const hours of [0, 1, 24]) {
      now = hours * 3_600_000;
      const found = await images.lookup(pinned, as("ann"));
      expect(found).toEqual({ ...read, reference: pinned });
    }
    await expect(images.lookup(pinned, as("bob"))).resolves.toMatchObject({ kind: "index" });
    // A tag may have moved; and nothing was ever served to these, or from there.
    const down = { code: expect.stringMatching(/^(UNREACHABLE|CIRCUIT_OPEN)$/) };
    await expect(images.lookup(tagged, as("ann"))).rejects.toMatchObject(down);
    await expect(images.lookup(pinned, as("carl"))).rejects.toMatchObject(down);
    await expect(images.lookup(pinned, { ...as("ann"), ...access() })).rejects.toMatchObject(down);
    const elsewhere = parseReference(`${running.host}/other/app@${index.digest}`);
    await expect(images.lookup(elsewhere, as("ann"))).rejects.toMatchObject(down);
  });

  describe("the right to what was read by digest", () => {
    const hour = 3_600_000;
    const users = { ann: "a" };
    const ann = { kind: "basic", username: "ann", password: "a" } as const;

    /** `recheckMs` only where a registry hangs: a slow machine must not seem to be one. */
    async function read(recheckMs = 10_000): Promise<{
      readonly running: Awaited<ReturnType<typeof fixture.registry>>;
      readonly lookup: () => Promise<unknown>;
      readonly advance: (ms: number) => void;
      readonly asked: () => string[];
    }> {
      const running = await fixture.registry({ auth: { scheme: "basic", users: { ...users } } });
      const plain = await putManifest(running.store, "team/app", undefined, "plain");
      const index = await putIndex(running.store, "team/app", "v1", [{ ...plain, platform: linux }]);
      let now = 0;
      const images = new ImageSource(fixture.client({ now: () => now, timeouts: { recheckMs } }));
      const pinned = parseReference(`${running.host}/team/app@${index.digest}`);
      const lookup = (): Promise<unknown> => images.lookup(pinned, { ...access(), credentials: ann });
      await lookup();
      const before = running.requests.length;
      const advance = (ms: number): void => {
        now += ms;
      };
      return { running, lookup, advance, asked: () => running.requests.slice(before).map(({ method }) => method) };
    }

    test("is believed for an hour, and asked for with one HEAD", async () => {
      const { lookup, advance, asked } = await read();
      advance(hour - 60_001);
      await lookup();
      expect(asked()).toEqual([]);
      advance(60_001);
      await Promise.all([lookup(), lookup(), lookup()]);
      expect(asked()).toEqual(["HEAD"]);
      await lookup();
      expect(asked()).toEqual(["HEAD"]);
    });

    test.each([
      [401, "UNAUTHORIZED"],
      [403, "DENIED"],
      [404, "NOT_FOUND"],
    ])("ends with a %i, for good", async (status, code) => {
      const { running, lookup, advance } = await read();
      advance(hour);
      running.faults.add({ path: /manifests/, fault: { kind: "status", status } });
      await expect(lookup()).rejects.toMatchObject({ code });
      running.faults.clear();
      await running.close();
      advance(5_000);
      await expect(lookup()).rejects.toMatchObject({ code: "UNREACHABLE" });
    });

    test.each<[name: string, away: Fault]>([
      ["refuses to work", { kind: "status", status: 503 }],
      ["never answers", { kind: "hang" }],
      ["limits us", { kind: "status", status: 429 }],
      ["hangs up", { kind: "close" }],
    ])("lasts for a day while the registry %s, which is asked once a minute", async (_name, away) => {
      const { running, lookup, advance, asked } = await read(away.kind === "hang" ? 500 : undefined);
      running.faults.add({ path: /manifests/, fault: away });
      advance(hour);
      await lookup();
      const once = asked().length;
      await lookup();
      expect(asked()).toHaveLength(once);
      advance(60_000);
      await lookup();
      expect(asked().length).toBeGreaterThan(once);
      advance(23 * hour);
      await expect(lookup()).rejects.toMatchObject({ temporary: true });
      running.faults.clear();
      advance(60_000);
      await lookup();
    });
  });

  test("a registry that limits us is not asked again before its time", async () => {
    const running = await fixture.registry();
    await putManifest(running.store, "team/app", "v1", "x");
    running.faults.add({
      path: /./,
      times: 1,
      fault: { kind: "status", status: 429, headers: { "retry-after": "30" } },
    });
    let now = 0;
    const images = new ImageSource(fixture.client({ now: () => now }));
    const reference = parseReference(`${running.host}/team/app:v1`);
    await expect(images.lookup(reference, access())).rejects.toMatchObject({
      code: "RATE_LIMITED",
      retryAfterMs: 30_000,
    });
    now += 29_999;
    await expect(images.lookup(reference, access())).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 1 });
    expect(running.requests).toHaveLength(1);
    now += 1;
    await expect(images.lookup(reference, access())).resolves.toMatchObject({ kind: "manifest" });
  });

  test("a caller's deadline ends its waiting, and the answer still reaches the one who waits on", async () => {
    const running = await fixture.registry();
    await putManifest(running.store, "team/app", "v1", "x");
    running.faults.add({ path: /./, fault: { kind: "delay", ms: 100 } });
    const images = new ImageSource(fixture.client());
    const reference = parseReference(`${running.host}/team/app:v1`);
    const hurried = new AbortController();
    const both = [
      images.lookup(reference, { credentials: undefined, signal: hurried.signal }),
      images.lookup(reference, access()),
    ] as const;
    await running.received(() => true);
    hurried.abort();
    await expect(both[0]).rejects.toMatchObject({ code: "ABORTED", temporary: true });
    await expect(both[1]).resolves.toMatchObject({ kind: "manifest" });
    expect(running.requests).toHaveLength(1);
  });

  test("closing the client ends what is under way", async () => {
    const running = await fixture.registry();
    running.faults.add({ path: /./, fault: { kind: "hang" } });
    const client = fixture.client({ timeouts: { headersMs: 60_000 } });
    const looked = new ImageSource(client).lookup(parseReference(`${running.host}/team/app`), access());
    const outcome = expect(looked).rejects.toMatchObject({ code: "CLOSED" });
    await running.received(() => true);
    await client.close();
    await outcome;
  });
});

describe("one image as an index that lists it alone", () => {
  const lookup = async (
    manifest: Readonly<Record<string, unknown>>,
    platform?: { readonly os: string; readonly architecture: string },
  ) => {
    const running = await fixture.registry();
    const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "arm64" }));
    const pushed = await putImage(running.store, "team/app", "v1", config, manifest);
    const images = new ImageSource(fixture.client());
    const reference = parseReference(`${running.host}/team/app:v1`);
    const ask = () => images.lookupAsIndex(reference, platform, access());
    return { pushed, image: await ask(), again: await ask(), requests: running.requests.length };
  };

  test("has the platform of its configuration, and requires what its manifest says", async () => {
    const annotations = { "dev.metahub.features": "cpu:neoverse_v2" };
    const { pushed, image, again, requests } = await lookup({ annotations });
    expect(image.descriptor).toEqual(pushed);
    expect(image.variants).toMatchObject([
      {
        digest: pushed.digest,
        platform: { os: "linux", architecture: "arm64" },
        requires: [[{ namespace: "cpu", value: "neoverse_v2" }]],
      },
    ]);
    expect(again.variants).toBe(image.variants);
    expect(requests).toBe(3);
  });

  test("has the platform that is handed in, and its configuration is not asked", async () => {
    const { image, requests } = await lookup({}, linux);
    expect(image.variants.map(({ platform, requires }) => [platform, requires])).toEqual([[linux, []]]);
    expect(requests).toBe(2);
  });

  test("is no build where it is an artifact", async () => {
    expect((await lookup({ artifactType: "application/vnd.example.chart" }, linux)).image.variants).toEqual([]);
  });
});
