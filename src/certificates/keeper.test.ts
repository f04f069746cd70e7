import { once } from "node:events";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../kubernetes/clock.ts";
import { CertificateKeeper, type KeeperOptions } from "./keeper.ts";
import { readableCertificates, type StoredData, servingFault } from "./material.ts";
import type { ServingCertificate } from "./source.ts";
import type { CaBundleWriter, SecretStore, Stored } from "./store.ts";

const DAY = 86_400_000;
const HOSTS = ["localhost", "127.0.0.1"];

/** Time that moves only by hand; `asked` resolves when somebody waits. */
class ManualClock implements Clock {
  #ms: number;
  readonly #timers = new Map<symbol, { readonly at: number; readonly call: () => void }>();
  #asked = Promise.withResolvers<void>();

  constructor(start = Date.parse("2026-01-01T00:00:00Z")) {
    this.#ms = start;
  }
  now(): number {
    return this.#ms;
  }
  wall(): Date {
    return new Date(this.#ms);
  }
  after(ms: number, call: () => void): () => void {
    const id = Symbol();
    this.#timers.set(id, { at: this.#ms + ms, call });
    this.#asked.resolve();
    return () => this.#timers.delete(id);
  }
  /** Resolves once a timer is set; then moves on and runs what is due. */
  async advance(ms: number): Promise<void> {
    if (this.#timers.size === 0) await this.#asked.promise;
    this.#asked = Promise.withResolvers<void>();
    this.#ms += ms;
    for (const [id, { at, call }] of [...this.#timers]) {
      if (at > this.#ms) continue;
      this.#timers.delete(id);
      call();
    }
  }
  /** Resolves when whoever was woken waits again. */
  async idle(): Promise<void> {
    if (this.#timers.size === 0) await this.#asked.promise;
  }
  get timers(): number {
    return this.#timers.size;
  }
}

/** A Secret as the API server keeps it: versions, and conflicts for those who come second. */
class MemoryStore implements SecretStore {
  readonly place = "Secret metahub/tls";
  stored: Stored | undefined;
  writes = 0;
  failure: Error | undefined;
  /** Runs before a write is judged: what another replica does meanwhile. */
  meanwhile: (() => void) | undefined;

  async read(): Promise<Stored | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return this.stored;
  }
  async create(data: Required<StoredData>): Promise<Stored | "conflict"> {
    return this.#write(data, undefined);
  }
  async update(data: Required<StoredData>, version: string): Promise<Stored | "conflict"> {
    return this.#write(data, version);
  }
  #write(data: Required<StoredData>, version: string | undefined): Stored | "conflict" {
    this.meanwhile?.();
    if (this.stored?.version !== version) return "conflict";
    this.stored = { data, version: String(++this.writes) };
    return this.stored;
  }
}

class MemoryBundle implements CaBundleWriter {
  readonly place = "MutatingWebhookConfiguration metahub";
  bundle = "";
  failure: Error | undefined;
  async write(bundle: string): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    const differs = this.bundle !== bundle;
    this.bundle = bundle;
    return differs;
  }
}

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function start(options: Partial<KeeperOptions> & { readonly store: SecretStore; readonly clock: ManualClock }) {
  const keeper = new CertificateKeeper({ hosts: HOSTS, random: () => 0, ...options });
  const controller = new AbortController();
  const installed: ServingCertificate[] = [];
  const problems: Error[] = [];
  const run = async () => {
    const first = await keeper.obtain(controller.signal);
    installed.push(first);
    const ended = keeper.watch({
      signal: controller.signal,
      install: (certificate) => installed.push(certificate),
      report: (problem) => problems.push(problem),
    });
    ends.push(async () => {
      controller.abort();
      await ended;
    });
    return first;
  };
  return { run, installed, problems };
}

describe("CertificateKeeper", () => {
  it("stores what it made, tells clients, and says so", async () => {
    const [store, bundle, clock] = [new MemoryStore(), new MemoryBundle(), new ManualClock()];
    const said: string[] = [];
    const first = await start({ store, clock, caBundle: bundle, announce: (sentence) => said.push(sentence) }).run();
    expect(store.stored?.data["tls.crt"]).toBe(first.cert);
    expect(bundle.bundle).toBe(store.stored?.data["ca.crt"]);
    expect(said).toEqual(["Secret metahub/tls: new certificate authority: nothing is stored yet"]);
  });

  it("renews at two thirds of the life, without anybody asking", async () => {
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    const { run, installed } = start({ store, clock, pollMs: 365 * DAY });
    await run();
    await clock.advance(59.9 * DAY);
    await clock.idle();
    expect(installed).toHaveLength(1);
    await clock.advance(0.2 * DAY);
    await clock.idle();
    expect(installed).toHaveLength(2);
    expect(store.writes).toBe(2);
  });

  it("takes up what another replica renewed", async () => {
    const [store, bundle, clock] = [new MemoryStore(), new MemoryBundle(), new ManualClock()];
    const [one, two] = [start({ store, clock, caBundle: bundle }), start({ store, clock, caBundle: bundle })];
    const [first, second] = await Promise.all([one.run(), two.run()]);
    expect(second.cert).toBe(first.cert);
    expect(store.writes).toBe(1);
    await clock.advance(61 * DAY);
    await clock.idle();
    for (let look = 0; look < 4 && (one.installed.length < 2 || two.installed.length < 2); look++) {
      await clock.advance(60_000);
      await clock.idle();
    }
    expect(one.installed.at(-1)?.cert).toBe(store.stored?.data["tls.crt"]);
    expect(two.installed.at(-1)?.cert).toBe(store.stored?.data["tls.crt"]);
    expect(store.writes).toBe(2);
  });

  it("loses a race without harm: reads what the other wrote", async () => {
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    const other = new MemoryStore();
    const winner = await start({ store: other, clock }).run();
    store.meanwhile = () => {
      store.meanwhile = undefined;
      store.stored = other.stored;
    };
    expect((await start({ store, clock }).run()).cert).toBe(winner.cert);
  });

  it("gives up with a reason where somebody writes all the time", async () => {
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    let version = 0;
    store.meanwhile = () => {
      store.stored = { data: {}, version: `other-${++version}` };
    };
    await expect(start({ store, clock }).run()).rejects.toMatchObject({ code: "CONTENDED" });
  });

  it("announces the newest authority even where another replica stored one between reading and announcing", async () => {
    const [store, bundle, clock] = [new MemoryStore(), new MemoryBundle(), new ManualClock()];
    const other = new MemoryStore();
    await start({ store: other, clock }).run();
    const write = bundle.write.bind(bundle);
    let first = true;
    bundle.write = (text) => {
      if (first && other.stored !== undefined) store.stored = { ...other.stored, version: "other" };
      first = false;
      return write(text);
    };
    await start({ store, clock, caBundle: bundle }).run();
    expect(bundle.bundle).toBe(other.stored?.data["ca.crt"]);
  });

  it("makes a corrupt Secret anew, and says why", async () => {
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    store.stored = { data: { "ca.crt": "nonsense", "ca.key": "k" }, version: "0" };
    const said: string[] = [];
    const { cert } = await start({ store, clock, announce: (sentence) => said.push(sentence) }).run();
    expect(store.stored?.data["tls.crt"]).toBe(cert);
    expect(said[0]).toBe("Secret metahub/tls: new certificate authority: ca.crt holds no readable certificate");
  });

  it("keeps serving while the store fails, reports it, and goes on by itself", async () => {
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    const { run, installed, problems } = start({ store, clock });
    await run();
    store.failure = new Error("unreachable");
    await clock.advance(60_000);
    await clock.idle();
    expect(problems).toEqual([store.failure]);
    store.failure = undefined;
    await clock.advance(61 * DAY);
    await clock.idle();
    expect(installed).toHaveLength(2);
  });

  it("does not serve a certificate whose authority clients do not know, while the old one is good", async () => {
    const [store, bundle, clock] = [new MemoryStore(), new MemoryBundle(), new ManualClock()];
    const { run, installed, problems } = start({ store, clock, caBundle: bundle });
    const first = await run();
    store.stored = undefined; // Somebody deleted the Secret: the next authority is unknown to clients.
    bundle.failure = new Error("forbidden");
    await clock.advance(60_000);
    await clock.idle();
    expect(problems.at(-1)).toBe(bundle.failure);
    expect(installed).toEqual([first]);
    bundle.failure = undefined;
    await clock.advance(60_000);
    await clock.idle();
    expect(installed).toHaveLength(2);
    const served = { certificate: installed[1]?.cert ?? "", key: installed[1]?.key ?? "" };
    expect(servingFault(served, readableCertificates(bundle.bundle), HOSTS, clock.wall())).toBeUndefined();
  });

  it("starts even where clients cannot be told, and tries again", async () => {
    const [store, bundle, clock] = [new MemoryStore(), new MemoryBundle(), new ManualClock()];
    bundle.failure = new Error("not found");
    const { run, problems } = start({ store, clock, caBundle: bundle });
    await run();
    bundle.failure = undefined;
    await clock.advance(60_000);
    await clock.idle();
    expect(bundle.bundle).toBe(store.stored?.data["ca.crt"]);
    expect(problems).toEqual([]);
  });

  it("leaves no timer behind", async () => {
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    await start({ store, clock }).run();
    await clock.idle();
    for (const end of ends.splice(0)) await end();
    expect(clock.timers).toBe(0);
  });
});

describe("a TLS server", () => {
  // The handshake reads the real clock: this test moves ours by less than certificates are backdated.
  it("serves the renewed certificate to new connections without a restart, and clients trust both", async () => {
    const [store, bundle, clock] = [new MemoryStore(), new MemoryBundle(), new ManualClock(Date.now())];
    const keeper = new CertificateKeeper({
      store,
      caBundle: bundle,
      hosts: HOSTS,
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
    const before = await fingerprint(server, bundle.bundle);
    store.stored = { data: { ...store.stored?.data, "tls.crt": "broken" }, version: "x" };
    await clock.advance(60_000);
    await renewed.promise;
    const after = await fingerprint(server, bundle.bundle);
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
