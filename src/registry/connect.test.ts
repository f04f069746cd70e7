import { afterEach, describe, expect, test, vi } from "vitest";
import { type RunningRegistry, startRegistry } from "../../test/support/registry/start.ts";
import { classifyAddress } from "./address.ts";
import { permitsAddress } from "./connect.ts";
import type { HttpRequest } from "./message.ts";
import { settle } from "./options.ts";
import { Transport } from "./transport.ts";

describe("which addresses may be connected to", () => {
  test.each([
    ["public", true, false, true],
    ["public", false, false, true],
    ["private", true, false, true],
    ["private", false, false, false],
    ["private", false, true, false],
    ["loopback", true, false, false],
    ["loopback", true, true, true],
    ["loopback", false, true, false],
    ["forbidden", true, true, false],
    ["forbidden", false, true, false],
  ] as const)("%s, named %s, trusted %s: %s", (kind, named, trusted, allowed) => {
    expect(permitsAddress(kind, named, trusted)).toBe(allowed);
  });
});

describe("connections", () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });

  async function registry(address?: string): Promise<RunningRegistry> {
    const running = await startRegistry({ address });
    open.push(running);
    return running;
  }

  function transport(options: Partial<Parameters<typeof settle>[0]>, publicAddress?: string): Transport {
    const made = new Transport(settle({ plainHttp: () => true, ...options }), (address) =>
      address === publicAddress ? "public" : classifyAddress(address),
    );
    open.push(made);
    return made;
  }

  const get = (url: string): HttpRequest => ({
    method: "GET",
    url: new URL(url),
    headers: {},
    maxBytes: 1000,
    account: "anonymous",
    redirects: "follow",
    signal: AbortSignal.timeout(5_000),
  });

  test("a name is checked by the address it resolves to when it is connected to", async () => {
    const running = await registry();
    const [, port] = running.host.split(":");
    const resolved: string[] = [];
    const send = (address: string): Promise<unknown> =>
      transport({
        plainHttp: (host) => host.startsWith("trusted"),
        lookup: (name, options, callback) => {
          resolved.push(name);
          if (options.all === true) callback(null, [{ address, family: 4 }]);
          else callback(null, address, 4);
        },
      }).send(get(`http://trusted.test:${port}/v2/`));
    await expect(send("127.0.0.1")).resolves.toMatchObject({ status: 200 });
    await expect(send("169.254.169.254")).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(resolved).toEqual(["trusted.test", "trusted.test"]);
  });

  test("of several addresses only those allowed are used", async () => {
    const running = await registry();
    const [, port] = running.host.split(":");
    const sent = transport({
      lookup: (_name, _options, callback) =>
        callback(null, [
          { address: "169.254.169.254", family: 4 },
          { address: "127.0.0.1", family: 4 },
        ]),
    }).send(get(`http://both.test:${port}/v2/`));
    await expect(sent).resolves.toMatchObject({ status: 200 });
  });

  test.each([
    "https://127.0.0.1:1/v2/",
    "https://2130706433:1/v2/",
    "https://0x7f.1:1/v2/",
    "https://[::1]:1/v2/",
    "https://[::ffff:127.0.0.1]:1/v2/",
    "https://0.0.0.0:1/v2/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/v2/",
  ])("%s is refused where it was not allowed", async (url) => {
    const sent = transport({ plainHttp: () => false }).send(get(url));
    await expect(sent).rejects.toMatchObject({ code: "REFUSED_HOST", temporary: false });
  });

  test("link-local is refused even where everything is allowed", async () => {
    const sent = transport({ plainHttp: () => true, allowPrivate: true }).send(get("http://169.254.169.254/"));
    await expect(sent).rejects.toMatchObject({ code: "REFUSED_HOST" });
  });

  test("the message does not say what a name resolves to", async () => {
    const sent = transport({
      plainHttp: () => false,
      lookup: (_name, _options, callback) => callback(null, [{ address: "127.1.2.3", family: 4 }]),
    }).send(get("https://db.internal.test/v2/"));
    await expect(sent).rejects.toMatchObject({
      code: "REFUSED_HOST",
      message: expect.stringMatching(/^GET https:\/\/db\.internal\.test\/v2\/: leads to (?!.*127\.1\.2\.3)/),
    });
  });

  test("a host may redirect to a private one only where the operator listed that", async () => {
    const [outside, inside] = [await registry("127.0.0.2"), await registry()];
    outside.faults.add({ path: /./, fault: { kind: "redirect", location: `http://${inside.host}/v2/` } });
    for (const address of ["127.0.0.2", undefined]) {
      const refused = transport({}, address).send(get(`http://${outside.host}/v2/`));
      await expect(refused).rejects.toMatchObject({ code: "REFUSED_HOST" });
    }
    expect(inside.requests).toHaveLength(0);
    const listed = transport({ privateRedirects: (host) => host === inside.host }, "127.0.0.2");
    await expect(listed.send(get(`http://${outside.host}/v2/`))).resolves.toMatchObject({ status: 200 });
    expect(inside.requests).toHaveLength(1);
  });

  test("on a command line a public host may not redirect to a private one, a private one may", async () => {
    const [outside, inside] = [await registry("127.0.0.2"), await registry()];
    outside.faults.add({ path: /./, fault: { kind: "redirect", location: `http://${inside.host}/v2/` } });
    const allowPrivate = true;
    const refused = transport({ allowPrivate }, "127.0.0.2").send(get(`http://${outside.host}/v2/`));
    await expect(refused).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(inside.requests).toHaveLength(0);
    await expect(transport({ allowPrivate }).send(get(`http://${outside.host}/v2/`))).resolves.toMatchObject({
      status: 200,
    });
    expect(inside.requests).toHaveLength(1);
  });

  test("where several share the client, a private host may redirect to a private one only if that is listed", async () => {
    const [outside, inside] = [await registry("127.0.0.2"), await registry()];
    outside.faults.add({ path: /./, fault: { kind: "redirect", location: `http://${inside.host}/v2/` } });
    const shared = { allowPrivate: true, followPrivate: false };
    const made = transport(shared);
    await expect(made.send(get(`http://${outside.host}/v2/`))).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(inside.requests).toHaveLength(0);
    const listed = transport({ ...shared, privateRedirects: (host) => host === inside.host });
    await expect(listed.send(get(`http://${outside.host}/v2/`))).resolves.toMatchObject({ status: 200 });
  });

  test("nor may it lead a stream there", async () => {
    const [outside, inside] = [await registry("127.0.0.2"), await registry()];
    outside.faults.add({ path: /./, fault: { kind: "redirect", location: `http://${inside.host}/v2/` } });
    const opened = transport({}, "127.0.0.2").open({ ...get(`http://${outside.host}/v2/`), lasting: "long" });
    await expect(opened).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(inside.requests).toHaveLength(0);
  });

  test("a connection kept from a direct request does not serve a redirect from a public host", async () => {
    const [outside, inside] = [await registry("127.0.0.2"), await registry()];
    outside.faults.add({ path: /./, fault: { kind: "redirect", location: `http://${inside.host}/v2/` } });
    const shared = transport({}, "127.0.0.2");
    await shared.send(get(`http://${inside.host}/v2/`));
    await expect(shared.send(get(`http://${outside.host}/v2/`))).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(inside.requests).toHaveLength(1);
  });

  test("a host that keeps callers waiting until they give up is left alone; one that is given up early is not", async () => {
    const running = await registry();
    running.faults.add({ path: /./, fault: { kind: "hang" } });
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    const giveUpAfter = async (made: Transport, ms: number): Promise<unknown> => {
      const controller = new AbortController();
      const before = running.requests.length;
      const sent = made.send({ ...get(`http://${running.host}/v2/`), signal: controller.signal });
      const outcome = sent.then(undefined, (error: unknown) => error);
      await Promise.race([outcome, running.received((request) => running.requests.indexOf(request) >= before)]);
      now += ms;
      controller.abort();
      return await outcome;
    };
    try {
      const [patient, hasty] = [transport({}), transport({})];
      for (let times = 0; times < 5; times += 1) {
        expect(await giveUpAfter(patient, 2_000)).toMatchObject({ code: "ABORTED" });
        expect(await giveUpAfter(hasty, 1_999)).toMatchObject({ code: "ABORTED" });
      }
      expect(await giveUpAfter(patient, 0)).toMatchObject({ code: "CIRCUIT_OPEN" });
      expect(await giveUpAfter(hasty, 0)).toMatchObject({ code: "ABORTED" });
    } finally {
      clock.mockRestore();
    }
  });

  test("a kept connection that the server has closed is noticed, and the request sent again", async () => {
    const running = await registry();
    const made = transport({});
    await made.send(get(`http://${running.host}/v2/`));
    running.faults.add({ path: /./, times: 1, fault: { kind: "close" } });
    await expect(made.send(get(`http://${running.host}/v2/`))).resolves.toMatchObject({ status: 200 });
  });
});
