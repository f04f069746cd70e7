import { getEventListeners } from "node:events";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { blobOptions, content, digest, registryWithBlob, size } from "../../test/support/registry/blobs.ts";
import type { FaultRule } from "../../test/support/registry/faults.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { computeDigest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";
import type { OpenBlobOptions } from "./blobs.ts";
import type { RegistryErrorCode } from "./error.ts";
import type { ByteRange } from "./range.ts";

const fixture = registryFixture();
const withBlob = (rule?: Omit<FaultRule, "path">) => registryWithBlob(fixture, rule);

/** The bytes that a reader got, and the error that it got instead of the end. */
async function readOn(body: AsyncIterable<unknown>): Promise<{ readonly got: Buffer; readonly error: unknown }> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of body) if (piece instanceof Uint8Array) pieces.push(piece);
    return { got: Buffer.concat(pieces), error: undefined };
  } catch (error) {
    return { got: Buffer.concat(pieces), error };
  }
}

describe("the whole blob", () => {
  test("comes with size and media type, is verified at its end, and leaves nothing behind on the caller's signal", async () => {
    const { reference } = await withBlob();
    const { signal } = new AbortController();
    const blob = await fixture.client().openBlob(reference, digest, blobOptions({ signal, size }));
    expect(blob).toMatchObject({ kind: "whole", verification: "at-end", status: 200, rangeIgnored: false, size });
    expect(blob.mediaType).toBe("application/octet-stream");
    expect((await buffer(blob.body)).equals(content)).toBe(true);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("without a length the size is unknown, or the descriptor's", async () => {
    const { running, reference } = await withBlob({
      fault: { kind: "headers", headers: { "content-length": "" } },
    });
    const blob = await fixture.client().openBlob(reference, digest, blobOptions());
    expect(blob).toMatchObject({ size: undefined });
    expect((await buffer(blob.body)).equals(content)).toBe(true);
    const known = await fixture.client().openBlob(reference, digest, blobOptions({ size }));
    expect(known).toMatchObject({ size });
    expect((await buffer(known.body)).equals(content)).toBe(true);
    expect(running.requests).toHaveLength(2);
  });

  test("its digest may be a sha512", async () => {
    const { running, reference } = await withBlob({ fault: { kind: "repeat", piece: content, times: 1 } });
    const named = computeDigest(content, "sha512");
    const client = fixture.client();
    expect((await buffer((await client.openBlob(reference, named, blobOptions())).body)).length).toBe(size);
    running.faults.clear();
    running.faults.add({ path: /blobs/, fault: { kind: "repeat", piece: Buffer.from("x"), times: 1 } });
    const { error } = await readOn((await client.openBlob(reference, named, blobOptions())).body);
    expect(error).toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  test("an empty one is verified too", async () => {
    const { running, reference } = await withBlob();
    const empty = computeDigest(Buffer.alloc(0));
    await running.store.putBlob("team/app", Buffer.alloc(0));
    const client = fixture.client();
    expect(await readOn((await client.openBlob(reference, empty, blobOptions())).body)).toEqual({
      got: Buffer.alloc(0),
      error: undefined,
    });
    running.faults.add({ path: /blobs/, fault: { kind: "body", bytes: Buffer.alloc(0) } });
    const { error } = await readOn((await client.openBlob(reference, digest, blobOptions())).body);
    expect(error).toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  interface Wrong {
    readonly name: string;
    readonly fault: FaultRule["fault"];
    readonly more?: Partial<OpenBlobOptions>;
    readonly code: RegistryErrorCode;
  }
  const wrongBytes = Buffer.from(content);
  wrongBytes.write("x", size - 1);

  test.each<Wrong>([
    { name: "other bytes of the same length", fault: { kind: "body", bytes: wrongBytes }, code: "DIGEST_MISMATCH" },
    {
      name: "other bytes than the digest names, few of them",
      fault: { kind: "body", bytes: Buffer.from("x") },
      code: "DIGEST_MISMATCH",
    },
    {
      name: "a length that is too short",
      fault: { kind: "headers", headers: { "content-length": String(size - 1) } },
      code: "DIGEST_MISMATCH",
    },
    {
      name: "a length that is too long",
      fault: { kind: "headers", headers: { "content-length": String(size + 1) } },
      code: "TIMEOUT",
    },
    { name: "a body that is cut", fault: { kind: "closeMidBody" }, code: "UNREACHABLE" },
    { name: "a body that stalls", fault: { kind: "stall", after: 200_000 }, code: "TIMEOUT" },
    { name: "a body without end", fault: { kind: "endless" }, more: { maxBytes: 2 * size }, code: "TOO_LARGE" },
    { name: "more than the descriptor says", fault: { kind: "endless" }, more: { size }, code: "DIGEST_MISMATCH" },
  ])("$name ends in $code, without the last byte and without an end", async ({ fault, more, code }) => {
    const { reference } = await withBlob({ fault });
    const { body, size: promised } = await fixture.client().openBlob(reference, digest, blobOptions(more));
    let ended = false;
    body.once("end", () => {
      ended = true;
    });
    const { got, error } = await readOn(body);
    expect(error).toMatchObject({ name: "RegistryError", code });
    expect(got.length).toBeLessThan(promised ?? Math.max(size, more?.maxBytes ?? 0));
    expect(ended).toBe(false);
  });

  test.each<Wrong>([
    {
      name: "a length other than the descriptor's",
      fault: { kind: "body", bytes: Buffer.from("x") },
      more: { size },
      code: "DIGEST_MISMATCH",
    },
    {
      name: "a length beyond the caller's limit",
      fault: { kind: "delay", ms: 0 },
      more: { maxBytes: size - 1 },
      code: "TOO_LARGE",
    },
    {
      name: "a descriptor's size beyond the caller's limit",
      fault: { kind: "headers", headers: { "content-length": "" } },
      more: { size, maxBytes: size - 1 },
      code: "TOO_LARGE",
    },
    {
      name: "a compressed body",
      fault: { kind: "headers", headers: { "content-encoding": "gzip" } },
      code: "INVALID",
    },
    { name: "206 for the whole", fault: { kind: "status", status: 206 }, code: "INVALID" },
    { name: "204", fault: { kind: "status", status: 204 }, code: "INVALID" },
    { name: "404", fault: { kind: "status", status: 404 }, code: "NOT_FOUND" },
    { name: "500", fault: { kind: "status", status: 500 }, code: "SERVER_ERROR" },
  ])("$name is refused with $code before there is a body", async ({ fault, more, code }) => {
    const { running, reference } = await withBlob({ fault });
    const client = fixture.client({ streams: 1 });
    await expect(client.openBlob(reference, digest, blobOptions(more))).rejects.toMatchObject({ code });
    // And its place is free again.
    running.faults.clear();
    expect((await buffer((await client.openBlob(reference, digest, blobOptions())).body)).length).toBe(size);
  });

  test.each(["md5:00", "sha256:xyz", "latest"])("%s is no digest to verify with, and asks nothing", async (text) => {
    const { running, reference } = await withBlob();
    await expect(fixture.client().openBlob(reference, text, blobOptions())).rejects.toMatchObject({ code: "INVALID" });
    expect(running.requests).toEqual([]);
  });
});

describe("a range", () => {
  test.each<[ByteRange, first: number, last: number]>([
    [{ first: 0, last: 9 }, 0, 9],
    [{ first: 10 }, 10, size - 1],
    [{ first: size - 1 }, size - 1, size - 1],
    [{ first: 5, last: size + 1000 }, 5, size - 1],
    [{ suffix: 20 }, size - 20, size - 1],
    [{ suffix: size + 5 }, 0, size - 1],
  ])("%j is bytes %i to %i, and says that nothing vouches for it", async (range, first, last) => {
    const { reference } = await withBlob();
    const blob = await fixture.client().openBlob(reference, digest, blobOptions({ range, size }));
    expect(blob).toMatchObject({ kind: "part", verification: "none", status: 206, first, last, total: size });
    expect(blob.size).toBe(last - first + 1);
    expect((await buffer(blob.body)).equals(content.subarray(first, last + 1))).toBe(true);
  });

  test("that begins after the end is RANGE_UNSATISFIABLE, with the size of the blob", async () => {
    const { reference } = await withBlob();
    const opened = fixture.client().openBlob(reference, digest, blobOptions({ range: { first: size } }));
    await expect(opened).rejects.toMatchObject({ code: "RANGE_UNSATISFIABLE", status: 416, contentSize: size });
  });

  test("that the server ignores gives the whole, verified", async () => {
    const { running, reference } = await withBlob({ fault: { kind: "ignoreRange" } });
    const blob = await fixture.client().openBlob(reference, digest, blobOptions({ range: { first: 1, last: 2 } }));
    expect(running.requests[0]?.headers.range).toBe("bytes=1-2");
    expect(blob).toMatchObject({ kind: "whole", verification: "at-end", rangeIgnored: true, size });
    expect((await buffer(blob.body)).equals(content)).toBe(true);
  });

  test.each<[name: string, contentRange: string, more: Partial<OpenBlobOptions>, code: RegistryErrorCode]>([
    ["another part", "bytes 1-10/300000", {}, "INVALID"],
    ["more than was asked", "bytes 0-10/300000", {}, "INVALID"],
    ["a part without its place", "", {}, "INVALID"],
    ["several parts", "multipart/byteranges", {}, "INVALID"],
    ["a part beyond the whole", "bytes 0-9/9", {}, "INVALID"],
    ["a part of a blob of another size", "bytes 0-9/300001", { size }, "DIGEST_MISMATCH"],
    ["a part that is too large for the caller", "bytes 0-9/300000", { maxBytes: 9 }, "TOO_LARGE"],
  ])("answered with %s (%s) is refused", async (_name, contentRange, more, code) => {
    const headers = { "content-range": contentRange, "content-length": "" };
    const { reference } = await withBlob({ fault: { kind: "headers", headers } });
    const range = { first: 0, last: 9 };
    await expect(fixture.client().openBlob(reference, digest, blobOptions({ range, ...more }))).rejects.toMatchObject({
      code,
    });
  });

  test.each([
    ["fewer", "bytes 0-9/*", 8],
    ["more", "bytes 0-5/*", 10],
  ])("whose body has %s bytes than it says ends in INVALID", async (_name, contentRange, length) => {
    const headers = { "content-range": contentRange, "content-length": String(length) };
    const { reference } = await withBlob({ fault: { kind: "headers", headers } });
    const { body } = await fixture.client().openBlob(reference, digest, blobOptions({ range: { first: 0, last: 9 } }));
    expect((await readOn(body)).error).toMatchObject({ code: "INVALID" });
  });

  test.each<ByteRange>([{ first: -1 }, { first: 2, last: 1 }, { first: 0.5 }, { suffix: 0 }, { suffix: Number.NaN }])(
    "%j is none, and asks nothing",
    async (range) => {
      const { running, reference } = await withBlob();
      await expect(fixture.client().openBlob(reference, digest, blobOptions({ range }))).rejects.toMatchObject({
        code: "INVALID",
      });
      expect(running.requests).toEqual([]);
    },
  );
});

describe("under the rules of every other request", () => {
  const users = { ann: "a" };
  const credentials = { kind: "basic", username: "ann", password: "a" } as const;

  test("a redirect to another host takes the range along, and no credentials", async () => {
    const [running, storage] = [await fixture.registry({ auth: { scheme: "basic", users } }), await fixture.registry()];
    await running.store.putBlob("team/app", content);
    await storage.store.putBlob("some/where", content);
    const location = `http://${storage.host}/v2/some/where/blobs/${digest}?signature=secret`;
    const reference = parseReference(`${running.host}/team/app`);
    const client = fixture.client();
    await buffer((await client.openBlob(reference, digest, blobOptions({ credentials }))).body);
    running.faults.add({ path: /blobs/, fault: { kind: "redirect", location } });
    const range = { first: 3, last: 5 };
    const blob = await client.openBlob(reference, digest, blobOptions({ credentials, range }));
    expect((await buffer(blob.body)).toString()).toBe("345");
    expect(running.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
    expect(storage.requests.map(({ headers }) => [headers.range, headers.authorization])).toEqual([
      ["bytes=3-5", undefined],
    ]);
  });

  test.each([
    ["https://169.254.169.254/latest/meta-data/", "REFUSED_HOST"],
    ["https://127.0.0.1:1/", "REFUSED_HOST"],
    ["http://127.0.0.1:1/", "REFUSED_REDIRECT"],
  ])("a redirect to %s gives %s", async (location, code) => {
    const { running, reference } = await withBlob({ fault: { kind: "redirect", location } });
    const client = fixture.client({ plainHttp: (host) => host === running.host });
    await expect(client.openBlob(reference, digest, blobOptions())).rejects.toMatchObject({ code });
  });

  test("a token that is refused is replaced, and the blob streams", async () => {
    const running = await fixture.registry({ auth: { scheme: "bearer", users } });
    await running.store.putBlob("team/app", content);
    const reference = parseReference(`${running.host}/team/app`);
    const client = fixture.client({ streams: 1 });
    await buffer((await client.openBlob(reference, digest, blobOptions({ credentials }))).body);
    const challenge = { "www-authenticate": `Bearer realm="http://${running.host}/token",service="test"` };
    running.faults.add({ path: /blobs/, times: 1, fault: { kind: "status", status: 401, headers: challenge } });
    const before = running.requests.length;
    const blob = await client.openBlob(reference, digest, blobOptions({ credentials }));
    expect((await buffer(blob.body)).equals(content)).toBe(true);
    const asked = running.requests.slice(before).map(({ path }) => path.replace(/\?.*/, ""));
    expect(asked).toEqual([`/v2/team/app/blobs/${digest}`, "/token", `/v2/team/app/blobs/${digest}`]);
  });

  test("storage that wants credentials gets none", async () => {
    const [running, storage] = [await fixture.registry(), await fixture.registry({ auth: { scheme: "basic", users } })];
    const location = `http://${storage.host}/v2/team/app/blobs/${digest}`;
    running.faults.add({ path: /blobs/, fault: { kind: "redirect", location } });
    const reference = parseReference(`${running.host}/team/app`);
    const opened = fixture.client().openBlob(reference, digest, blobOptions({ credentials }));
    await expect(opened).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test("registries that are not on the list are refused, and mirrors are asked", async () => {
    const { running } = await withBlob();
    const client = fixture.client({
      allowedRegistries: (host) => host === "good.test",
      mirrors: new Map([["good.test", running.host]]),
    });
    const refused = client.openBlob(parseReference("evil.test/team/app"), digest, blobOptions());
    await expect(refused).rejects.toMatchObject({ code: "REFUSED_HOST" });
    const { body } = await client.openBlob(parseReference("good.test/team/app"), digest, blobOptions());
    expect((await buffer(body)).length).toBe(size);
  });

  test("the blocking form has one limit of time for the whole body", async () => {
    const { reference } = await withBlob({ fault: { kind: "stall" } });
    const client = fixture.client({ timeouts: { bodyMs: 50, idleMs: 60_000 } });
    await expect(client.blob(reference, digest, blobOptions())).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("its answer took longer than 0.05 s"),
    });
  });
});
