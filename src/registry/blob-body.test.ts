import { getEventListeners, once } from "node:events";
import { createServer } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  begin,
  content,
  digest,
  largeBlob,
  largeOptions,
  MiB,
  patient,
  registryWithBlob,
  size,
} from "../../test/support/registry/blobs.ts";
import type { Fault } from "../../test/support/registry/faults.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import type { RunningRegistry } from "../../test/support/registry/start.ts";
import { parseReference } from "../oci/reference.ts";
import type { OpenedBlob } from "./blobs.ts";

const fixture = registryFixture();
const withBlob = (fault?: Fault) => registryWithBlob(fixture, fault && { fault });

/** Resolves when the stream is closed, whether with an error or without. */
async function closed(body: Readable): Promise<void> {
  await new Promise((resolve) => body.once("close", resolve));
}

describe("a reader that is slow", () => {
  test("makes the server wait, while another one gets the same blob whole", async () => {
    const large = largeBlob(64);
    const running = await fixture.registry();
    running.faults.add({ path: /blobs/, times: 1, fault: large.fault });
    const other = largeBlob(64);
    running.faults.add({ path: /blobs/, fault: other.fault });
    const reference = parseReference(`${running.host}/team/app`);
    const client = fixture.client({ timeouts: patient });
    const { body, reader } = await begin(client, reference, large);
    // In the time of a whole transfer the paused one could have come as well, had the client let it.
    for await (const _piece of (await client.openBlob(reference, other.digest, largeOptions())).body);
    expect(other.taken()).toBe(other.size);
    // What the kernel buffers for both sides of a loopback connection, and some hundred KiB of ours.
    expect(large.taken()).toBeLessThan(24 * MiB);
    expect(body.readableLength).toBeLessThan(MiB / 2);
    let read = 0;
    for (;;) {
      const { done, value } = await reader.next();
      if (done === true) break;
      if (value instanceof Uint8Array) read += value.length;
    }
    expect(read).toBeGreaterThan(large.size - MiB);
    expect(large.taken()).toBe(large.size);
  });

  test("loses the stream after its time, and the connection is closed", async () => {
    const large = largeBlob(64);
    const { reference } = await withBlob(large.fault);
    const client = fixture.client({ timeouts: { ...patient, readerMs: 20 }, streams: 1 });
    const { body } = await client.openBlob(reference, large.digest, largeOptions());
    await closed(body);
    await large.closed;
    expect(body.errored).toMatchObject({ code: "ABORTED", message: expect.stringContaining("took nothing") });
    // Read later, it fails in the same way.
    await expect(buffer(body)).rejects.toBe(body.errored);
  });
});

test("a blob that is larger than memory should be is never in memory", async () => {
  const large = largeBlob(192);
  const { reference } = await withBlob(large.fault);
  const { body } = await fixture.client({ timeouts: patient }).openBlob(reference, large.digest, largeOptions());
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let read = 0;
  for await (const piece of body) {
    if (piece instanceof Uint8Array) read += piece.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(read).toBe(large.size);
  // Pieces that were read wait for the collector: it comes long before they are as much as the blob.
  expect(most).toBeLessThan(128 * MiB);
});

describe("a reader that stops early", () => {
  test.each<[how: string, stop: (body: Readable) => Promise<void>]>([
    [
      "by leaving the loop",
      async (body) => {
        for await (const _piece of body) break;
      },
    ],
    [
      "by destroying the body unread",
      async (body) => {
        body.destroy();
      },
    ],
  ])("%s closes the connection and gives its place back", async (_how, stop) => {
    const large = largeBlob(64);
    const running = await fixture.registry();
    await running.store.putBlob("team/app", content);
    running.faults.add({ path: /blobs/, times: 1, fault: large.fault });
    const reference = parseReference(`${running.host}/team/app`);
    const client = fixture.client({ streams: 1, timeouts: patient });
    const { signal } = new AbortController();
    const { body } = await client.openBlob(reference, large.digest, largeOptions({ signal }));
    await stop(body);
    await large.closed;
    expect(large.taken()).toBeLessThan(large.size);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect((await buffer((await client.openBlob(reference, digest, largeOptions())).body)).length).toBe(size);
  });

  test("is not the host's failure", async () => {
    const { reference } = await withBlob();
    const client = fixture.client({ timeouts: patient });
    for (let times = 0; times < 6; times += 1) {
      const { body } = await client.openBlob(reference, digest, largeOptions());
      body.destroy();
      await closed(body);
    }
    expect((await buffer((await client.openBlob(reference, digest, largeOptions())).body)).length).toBe(size);
  });
});

describe("a caller that gives up", () => {
  const givenUp = { name: "RegistryError", code: "ABORTED", temporary: true };

  interface Caller {
    readonly running: RunningRegistry;
    readonly controller: AbortController;
    readonly opened: Promise<OpenedBlob>;
    /** Nothing listens to the caller any more, and the only place is free again. */
    leftNothing(): Promise<void>;
  }

  async function caller(fault: Fault, controller = new AbortController()): Promise<Caller> {
    const { running, reference } = await withBlob(fault);
    const client = fixture.client({ timeouts: patient, streams: 1 });
    const { signal } = controller;
    const opened = client.openBlob(reference, digest, largeOptions({ signal }));
    return {
      running,
      controller,
      opened,
      leftNothing: async () => {
        expect(getEventListeners(signal, "abort")).toEqual([]);
        running.faults.clear();
        expect((await buffer((await client.openBlob(reference, digest, largeOptions())).body)).length).toBe(size);
      },
    };
  }

  test("before it asks gets ABORTED", async () => {
    const controller = new AbortController();
    controller.abort();
    const { opened, leftNothing, running } = await caller({ kind: "hang" }, controller);
    await expect(opened).rejects.toMatchObject(givenUp);
    expect(running.requests).toEqual([]);
    await leftNothing();
  });

  test("while it waits for the answer gets ABORTED", async () => {
    const { opened, leftNothing, running, controller } = await caller({ kind: "hang" });
    const outcome = expect(opened).rejects.toMatchObject(givenUp);
    await running.received(() => true);
    controller.abort();
    await outcome;
    await leftNothing();
  });

  test("between two pieces finds the body closed with ABORTED, and the connection too", async () => {
    const large = largeBlob(64);
    const { opened, leftNothing, controller } = await caller(large.fault);
    const { body } = await opened;
    await body[Symbol.asyncIterator]().next();
    controller.abort();
    await closed(body);
    expect(body.errored).toMatchObject(givenUp);
    await large.closed;
    await leftNothing();
  });

  test("while it waits for a piece gets ABORTED", async () => {
    const { opened, leftNothing, controller } = await caller({ kind: "stall", after: 200_000 });
    const reader = (await opened).body[Symbol.asyncIterator]();
    await reader.next();
    const rest = buffer(Readable.from({ [Symbol.asyncIterator]: () => reader }));
    const outcome = expect(rest).rejects.toMatchObject(givenUp);
    controller.abort();
    await outcome;
    await leftNothing();
  });

  test("by closing the client gets CLOSED", async () => {
    const large = largeBlob(64);
    const { reference } = await withBlob(large.fault);
    const client = fixture.client({ timeouts: patient });
    const { body } = await client.openBlob(reference, large.digest, largeOptions());
    await Promise.all([closed(body), client.close()]);
    expect(body.errored).toMatchObject({ code: "CLOSED" });
    await large.closed;
  });
});

describe("behind a proxy that has promised the length", () => {
  /** The address of a server that answers everything with the blob. */
  async function proxy(fault: Fault | undefined, blob: { digest: string; size: number }): Promise<string> {
    const { reference } = await withBlob(fault);
    const client = fixture.client({ timeouts: patient });
    const server = createServer((_request, response) => {
      const piped = client.openBlob(reference, blob.digest, largeOptions({ size: blob.size })).then(async (opened) => {
        response.writeHead(opened.status, { "content-length": String(opened.size) });
        await pipeline(opened.body, response);
      });
      piped.catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new TypeError("the proxy listens on no port");
    return `http://127.0.0.1:${address.port}/`;
  }

  test("the client gets the blob", async () => {
    const answer = await fetch(await proxy(undefined, { digest, size }));
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
  });

  test("the client of wrong content sees an answer that breaks off", async () => {
    const wrong = Buffer.from(content);
    wrong.write("x", 7);
    const url = await proxy({ kind: "body", bytes: wrong }, { digest, size });
    const got = fetch(url).then(async (answer) => await answer.arrayBuffer());
    await expect(got).rejects.toThrow(/terminated|fetch failed/);
  });

  test("a client that leaves ends what the registry sends", async () => {
    const large = largeBlob(64);
    const controller = new AbortController();
    const answer = await fetch(await proxy(large.fault, large), { signal: controller.signal });
    await answer.body?.getReader().read();
    controller.abort();
    await large.closed;
    expect(large.taken()).toBeLessThan(large.size);
  });

  test("a client that leaves while the registry is silent ends the exchange at once", async () => {
    const { running, reference } = await withBlob({ kind: "stall", after: 200_000 });
    const client = fixture.client({ timeouts: patient, streams: 1 });
    const { body } = await client.openBlob(reference, digest, largeOptions());
    const target = new PassThrough();
    const piped = pipeline(body, target);
    await once(target, "readable");
    target.destroy();
    await expect(piped).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
    running.faults.clear();
    expect((await buffer((await client.openBlob(reference, digest, largeOptions())).body)).length).toBe(size);
  });
});
