// How enroot (and pyxis, which hands its images to it) pulls: the requests of NVIDIA/enroot, src/docker.sh, at commit
// 067079ee4a8d, sent as curl sends them.
import { readFile } from "node:fs/promises";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { requirePrograms } from "../cluster/require.ts";
import { describeWith } from "../support/describe-with.ts";
import { hubName, machineTypes, prints, type Site, startSite } from "./site.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const listType = "application/vnd.docker.distribution.manifest.list.v2+json";
const imageType = "application/vnd.docker.distribution.manifest.v2+json";

describeWith(await requirePrograms(["registry", "printer"], new AbortController().signal), "enroot's requests", () => {
  let site: Site;
  let dispatcher: Agent;
  beforeAll(async () => {
    site = await startSite({ signal: AbortSignal.timeout(60_000) });
    const ca = await readFile(site.caFile, "utf8");
    dispatcher = new Agent({ connect: { ca, servername: hubName } });
  });
  afterAll(async () => {
    await dispatcher.close();
    await site.end();
  });

  async function ask(path: string, headers: Readonly<Record<string, string>>, method: "GET" | "HEAD" = "GET") {
    const { port } = new URL(`https://${site.host}`);
    const {
      statusCode,
      headers: told,
      body,
    } = await request(`https://[::1]:${port}${path}`, { dispatcher, method, headers });
    return { status: statusCode, headers: told, text: await body.text() };
  }

  /** It parts the challenge at blanks, takes the third word, and parts that at `="` and `",`. */
  function readChallenge(header: string): {
    readonly scheme: string;
    readonly parameters: ReadonlyMap<string, string>;
  } {
    const [, scheme = "", rest = ""] = `www-authenticate: ${header}`.replace(/"$/, "").split(" ");
    const parts = rest.split(/="|",/);
    const pairs = parts.flatMap((name, index): [string, string][] =>
      index % 2 === 0 ? [[name, parts[index + 1] ?? ""]] : [],
    );
    return { scheme, parameters: new Map(pairs) };
  }

  async function login(username: string, secret: string) {
    const refused = await ask("/v2/qnib/bench/manifests/latest", {}, "HEAD");
    const { scheme, parameters } = readChallenge(String(refused.headers["www-authenticate"]));
    expect([refused.status, scheme, [...parameters.keys()].sort()]).toEqual([
      401,
      "Bearer",
      ["realm", "scope", "service"],
    ]);
    const { realm = "", ...query } = Object.fromEntries(parameters);
    const authorization = `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
    return await ask(`${new URL(realm).pathname}?${new URLSearchParams(query)}`, { authorization });
  }

  test.each(machineTypes)("%s gets its build, though it asks for docker's types alone", async (type) => {
    const { username, secret } = site.logins[type];
    const { token } = JSON.parse((await login(username, secret)).text);
    const authorization = `Bearer ${token}`;
    // Where there is no list in the answer, it asks for the image by the same name.
    const list = JSON.parse((await ask("/v2/qnib/bench/manifests/latest", { authorization, accept: listType })).text);
    expect(list.manifests).toBeUndefined();
    const image = JSON.parse((await ask("/v2/qnib/bench/manifests/latest", { authorization, accept: imageType })).text);
    const blobs = `/v2/qnib/bench/blobs/`;
    const { text } = await ask(`${blobs}${image.config.digest}`, { authorization, accept: imageType });
    expect(JSON.parse(text).config.Cmd).toEqual([prints[type]]);
    for (const { digest, size } of image.layers) {
      const { status, headers } = await ask(`${blobs}${digest}`, { authorization, accept: imageType });
      expect([status, headers["content-length"]]).toEqual([200, String(size)]);
    }
  });

  test("a wrong secret gets no token", async () => {
    expect((await login(site.logins.type1.username, "mh_wrong")).status).toBe(401);
  });

  test("where nothing fits, there is no digest to be parsed", async () => {
    const { username, secret } = site.logins.type1;
    const refused = await ask("/v2/qnib/gpu/manifests/latest", {
      authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`,
      accept: imageType,
    });
    expect([refused.status, JSON.parse(refused.text).layers]).toEqual([404, undefined]);
  });
});
