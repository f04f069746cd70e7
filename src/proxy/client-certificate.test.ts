import { pino } from "pino";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Authority, createAuthority, type KeyPair } from "../../test/cluster/pki.ts";
import { basic, credential, now, rules } from "../../test/support/identity/credentials.ts";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";
import { urisOf } from "./client-certificate.ts";
import { Door } from "./door.ts";

test.each([
  ["URI:metahub:machine-type:type1", ["metahub:machine-type:type1"]],
  ["DNS:a, URI:metahub:machine-type:type1, URI:b", ["metahub:machine-type:type1", "b"]],
  ["DNS:metahub:machine-type:type1", []],
  ['DNS:"a, URI:metahub:machine-type:type1"', []],
  ['DNS:"a\\", URI:metahub:machine-type:type1, \\""', []],
  ['URI:"metahub:machine-type:type1, URI:metahub:machine-type:type2"', []],
  ["", []],
])("the URIs of %s", (list, uris) => {
  expect(urisOf(list)).toEqual(uris);
});

describe("a client with a certificate", () => {
  const path = "/v2/qnib/bench/manifests/latest";
  let site: ProxySite;
  let authority: Authority;
  const agents: Agent[] = [];
  beforeAll(async () => {
    authority = await createAuthority();
    const server = await authority.issue({ commonName: "hub", server: true, addresses: ["127.0.0.1"] });
    const hub = rules([credential("two", "mh_two", { machineType: "type2" })], { anonymous: true });
    const log = pino({ level: "silent" });
    site = await startProxySite({
      api: { door: new Door({ rules: () => hub, realm: "https://hub/token", now: () => now, log }) },
      settings: { machinePaths: true },
      tls: {
        certificate: { cert: server.certificate, key: server.key },
        minVersion: "TLSv1.2",
        clientAuthorities: authority.certificate,
        clientsMayBeUnknown: true,
      },
    });
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await site.close();
  });

  function as(pair: KeyPair | undefined): Agent {
    const own = pair === undefined ? {} : { cert: pair.certificate, key: pair.key };
    const agent = new Agent({ connect: { ca: authority.certificate, ...own } });
    agents.push(agent);
    return agent;
  }
  const client = (uris: readonly string[], of = authority) => of.issue({ commonName: "node", client: true, uris });
  async function ask(dispatcher: Agent, authorization?: string, where = path) {
    const headers = authorization === undefined ? {} : { authorization };
    const { statusCode, headers: told, body } = await request(`${site.url}${where}`, { dispatcher, headers });
    const text = await body.text();
    return { status: statusCode, told, text, build: site.builds.tags.get(String(told["docker-content-digest"])) };
  }

  test("is the machine type that it names, without a login, also beside the login of another", async () => {
    const type3 = as(await client(["metahub:machine-type:type3"]));
    // Again, on connections that resume the session.
    for (let round = 0; round < 3; round += 1) {
      expect(await ask(type3)).toMatchObject({ status: 200, build: "cpu-coffelake" });
    }
    expect(await ask(type3, basic("type2", "mh_two"))).toMatchObject({ build: "cpu-coffelake" });
    expect((await ask(type3, undefined, "/v2/machine/type3/qnib/bench/manifests/latest")).status).toBe(200);
    expect((await ask(type3, undefined, "/v2/machine/type2/qnib/bench/manifests/latest")).status).toBe(401);
  });

  test("gets a token that is worth nothing without the certificate", async () => {
    const type3 = as(await client(["metahub:machine-type:type3"]));
    const scope = new URLSearchParams({ scope: "repository:qnib/bench:pull" });
    const { token } = JSON.parse((await ask(type3, undefined, `/token?${scope}`)).text);
    expect(await ask(type3, `Bearer ${token}`)).toMatchObject({ status: 200, build: "cpu-coffelake" });
    expect((await ask(as(undefined), `Bearer ${token}`)).status).toBe(401);
  });

  test("is asked to log in where its certificate names no machine type", async () => {
    const other = as(await client(["spiffe://example.com/node"]));
    expect((await ask(other)).status).toBe(401);
    expect(await ask(other, basic("type2", "mh_two"))).toMatchObject({ status: 200 });
  });

  test("without one logs in as ever", async () => {
    expect((await ask(as(undefined))).status).toBe(401);
    expect((await ask(as(undefined), basic("type2", "mh_two"))).status).toBe(200);
  });

  test.each<[string, () => Promise<KeyPair>]>([
    ["of another authority", async () => client(["metahub:machine-type:type3"], await createAuthority())],
    ["that names two machine types", () => client(["metahub:machine-type:type3", "metahub:machine-type:type1"])],
    ["that names what can be none", () => client(["metahub:machine-type:../type3"])],
  ])("with a certificate %s is refused, whatever else it shows, and gets no anonymous token", async (_name, issue) => {
    const agent = as(await issue());
    for (const authorization of [undefined, basic("type2", "mh_two")]) {
      const { status, told } = await ask(agent, authorization);
      expect([status, told["www-authenticate"]]).toEqual([401, 'Basic realm="hub"']);
      expect((await ask(agent, authorization, "/token")).status).toBe(401);
    }
  });
});
