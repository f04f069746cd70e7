import { once } from "node:events";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { LeapingClock, MemoryStore } from "../../test/support/certificates/memory-store.ts";
import { FolderCertificates } from "./folder.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe("a TLS server", () => {
  // The handshake reads the real clock: this test moves ours by less than certificates are backdated.
  test("serves the renewed certificate to new connections without a restart, and clients trust both", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock(Date.now())];
    const keeper = new FolderCertificates({
      store,
      hosts: ["localhost"],
      clock,
      random: () => 0,
      pollMs: 60_000,
    });
    const controller = new AbortController();
    const server = tls.createServer(await keeper.obtain(controller.signal), (socket) => socket.end());
    const renewed = Promise.withResolvers<void>();
    const ended = keeper.watch({
      signal: controller.signal,
      install: (certificate) => {
        server.setSecureContext(certificate);
        renewed.resolve();
      },
      report: renewed.reject,
    });
    ends.push(async () => {
      controller.abort();
      await ended;
      await new Promise((resolve) => server.close(resolve));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const before = await fingerprint(server, store.stored?.data["ca.crt"] ?? "");
    const authority = store.stored?.data["ca.crt"] ?? "";
    store.stored = { data: { ...store.stored?.data, "tls.crt": "broken" }, version: "x" };
    await clock.advance(60_000);
    await renewed.promise;
    const after = await fingerprint(server, authority);
    expect(after).not.toBe(before);
  });
});

/** Connects as the API server does, trusting the bundle alone. */
async function fingerprint(server: tls.Server, ca: string): Promise<string> {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  const socket = tls.connect({ host: "127.0.0.1", port: address.port, servername: "localhost", ca });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
