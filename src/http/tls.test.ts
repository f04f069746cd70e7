import { once } from "node:events";
import { type AgentOptions, request } from "node:https";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createAuthority, type KeyPair } from "../../test/cluster/pki.ts";
import { HttpServer, type TlsOptions } from "./server.ts";

const limits = { connections: 16, headersMs: 200, requestMs: 10_000, keepAliveMs: 1_000, silenceMs: 10_000 };
let authority: Awaited<ReturnType<typeof createAuthority>>;
let pair: KeyPair;
let client: KeyPair;
beforeAll(async () => {
  authority = await createAuthority();
  pair = await authority.issue({ commonName: "server", server: true, addresses: ["127.0.0.1"] });
  client = await authority.issue({ commonName: "apiserver", client: true });
});
let server: HttpServer | undefined;
afterEach(() => server?.close(0));

async function start(more: Partial<TlsOptions> = {}) {
  server = new HttpServer({
    listener: (_request, response) => void response.end("hello"),
    tls: { certificate: { cert: pair.certificate, key: pair.key }, ...more },
    limits,
    log: pino({ level: "silent" }),
  });
  const port = await server.listen(0, "127.0.0.1");
  const get = (how: AgentOptions = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const where = { host: "127.0.0.1", port, agent: false, ca: authority.certificate } as const;
      const sent = request({ ...where, ...how }, (response) => void text(response).then(resolve, reject));
      sent.once("error", reject).end();
    });
  return { server, port, get };
}

test("TLS 1.3 is spoken, and TLS 1.2 only where that was said", async () => {
  const usual = await start();
  expect(await usual.get({ minVersion: "TLSv1.3" })).toBe("hello");
  await expect(usual.get({ maxVersion: "TLSv1.2" })).rejects.toMatchObject({ code: /PROTOCOL_VERSION|ECONNRESET/ });
  usual.server.setCertificate({ cert: pair.certificate, key: pair.key });
  await expect(usual.get({ maxVersion: "TLSv1.2" })).rejects.toMatchObject({ code: /PROTOCOL_VERSION|ECONNRESET/ });
  await usual.server.close(0);
  const older = await start({ minVersion: "TLSv1.2" });
  expect(await older.get({ maxVersion: "TLSv1.2" })).toBe("hello");
});

test("with authorities for clients, who has no certificate of theirs gets no answer", async () => {
  const { get, server: serving } = await start({ clientAuthorities: authority.certificate });
  const stranger = await createAuthority();
  const forged = await stranger.issue({ commonName: "apiserver", client: true });
  const own = { cert: client.certificate, key: client.key };
  for (const renewed of [false, true]) {
    if (renewed) serving.setCertificate({ cert: pair.certificate, key: pair.key });
    expect(await get(own)).toBe("hello");
    await expect(get()).rejects.toThrow();
    await expect(get({ cert: forged.certificate, key: forged.key })).rejects.toThrow();
  }
});

test("who does not finish the handshake is closed when the time for it is over", async () => {
  const { port } = await start();
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  await once(socket.resume(), "close");
});
