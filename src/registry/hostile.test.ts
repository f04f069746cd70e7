import { describe, expect, test } from "vitest";
import { ociIndex, putIndex, putManifest, putRaw, type StoredDescriptor } from "../../test/support/registry/content.ts";
import type { FaultRule } from "../../test/support/registry/faults.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import type { RunningRegistry } from "../../test/support/registry/start.ts";
import { parseReference } from "../oci/reference.ts";
import type { RegistryErrorCode } from "./error.ts";
import { ImageSource } from "./images.ts";

const fixture = registryFixture();
const MiB = 1024 * 1024;

async function registryWithIndex(): Promise<{ running: RunningRegistry; index: StoredDescriptor }> {
  const running = await fixture.registry();
  const child = await putManifest(running.store, "team/app", undefined, "child");
  const index = await putIndex(running.store, "team/app", "v1", [
    { ...child, platform: { os: "linux", architecture: "amd64" } },
  ]);
  return { running, index };
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const nowhere = `sha256:${"0".repeat(64)}`;
const head = /\/manifests\/v1$/;
const get = /\/manifests\/sha256:/;

interface Case {
  readonly name: string;
  readonly rules: readonly FaultRule[];
  readonly code: RegistryErrorCode;
}

const lies: readonly Case[] = [
  {
    name: "a digest in the header that does not exist",
    rules: [{ path: head, fault: { kind: "headers", headers: { "docker-content-digest": nowhere } } }],
    code: "NOT_FOUND",
  },
  {
    name: "other bytes than the digest names",
    rules: [{ path: get, fault: { kind: "body", bytes: Buffer.from('{"schemaVersion":2,"manifests":[]}') } }],
    code: "DIGEST_MISMATCH",
  },
  {
    name: "other bytes, and a header that fits them",
    rules: [
      { method: "HEAD", path: head, fault: { kind: "status", status: 405 } },
      { method: "GET", path: head, fault: { kind: "headers", headers: { "docker-content-digest": nowhere } } },
    ],
    code: "DIGEST_MISMATCH",
  },
  {
    name: "a content type that no manifest has",
    rules: [{ path: head, fault: { kind: "headers", headers: { "content-type": "text/html" } } }],
    code: "INVALID",
  },
  {
    name: "no content type",
    rules: [{ path: head, fault: { kind: "headers", headers: { "content-type": "" } } }],
    code: "INVALID",
  },
  {
    name: "the content type of a schema 1 manifest",
    rules: [
      {
        path: head,
        fault: {
          kind: "headers",
          headers: { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" },
        },
      },
    ],
    code: "UNSUPPORTED",
  },
  {
    name: "a content type that changes between HEAD and GET",
    rules: [{ path: get, fault: { kind: "headers", headers: { "content-type": "application/json" } } }],
    code: "INVALID",
  },
  {
    name: "a content encoding that nobody asked for",
    rules: [{ path: get, fault: { kind: "headers", headers: { "content-encoding": "gzip" } } }],
    code: "INVALID",
  },
  {
    name: "half a body",
    rules: [{ path: get, fault: { kind: "closeMidBody" } }],
    code: "UNREACHABLE",
  },
  { name: "a body without end", rules: [{ path: get, fault: { kind: "endless" } }], code: "TOO_LARGE" },
  {
    name: "a length of many gigabytes",
    rules: [{ path: get, fault: { kind: "headers", headers: { "content-length": "99999999999" } } }],
    code: "TOO_LARGE",
  },
  { name: "a body that stalls", rules: [{ path: get, fault: { kind: "stall" } }], code: "TIMEOUT" },
  { name: "no answer", rules: [{ path: head, fault: { kind: "hang" } }], code: "TIMEOUT" },
  { name: "a closed connection", rules: [{ path: head, fault: { kind: "close" } }], code: "UNREACHABLE" },
  {
    name: "headers without measure",
    rules: [{ path: head, fault: { kind: "headers", headers: { "x-filler": "x".repeat(100_000) } } }],
    code: "INVALID",
  },
  { name: "500", rules: [{ path: head, fault: { kind: "status", status: 500 } }], code: "SERVER_ERROR" },
  { name: "403", rules: [{ path: head, fault: { kind: "status", status: 403 } }], code: "DENIED" },
  { name: "429", rules: [{ path: head, fault: { kind: "status", status: 429 } }], code: "RATE_LIMITED" },
  { name: "204", rules: [{ path: head, fault: { kind: "status", status: 204 } }], code: "INVALID" },
  {
    name: "an error page without end",
    rules: [{ path: get, fault: { kind: "status", status: 404, body: "x".repeat(20 * MiB) } }],
    code: "NOT_FOUND",
  },
  {
    name: "a challenge that nobody understands",
    rules: [{ path: head, fault: { kind: "status", status: 401, headers: { "www-authenticate": "Magic wand" } } }],
    code: "UNAUTHORIZED",
  },
];

const redirects: readonly (readonly [location: string, code: RegistryErrorCode])[] = [
  ["/v2/team/app/manifests/v1", "REFUSED_REDIRECT"],
  ["https://169.254.169.254/latest/meta-data/", "REFUSED_HOST"],
  ["http://169.254.169.254/latest/meta-data/", "REFUSED_REDIRECT"],
  ["https://[::ffff:169.254.169.254]/", "REFUSED_HOST"],
  ["https://127.0.0.1:1/", "REFUSED_HOST"],
  ["https://localhost:1/", "REFUSED_HOST"],
  ["https://user:pass@127.0.0.1/", "REFUSED_REDIRECT"],
  ["file:///etc/passwd", "REFUSED_REDIRECT"],
  ["gopher://127.0.0.1/", "REFUSED_REDIRECT"],
  ["http://", "REFUSED_REDIRECT"],
  [`https://h/${"x".repeat(9000)}`, "REFUSED_REDIRECT"],
];

describe("a registry that answers with", () => {
  test.each(lies)("$name gives $code", async ({ rules, code }) => {
    const { running } = await registryWithIndex();
    for (const rule of rules) running.faults.add(rule);
    const images = new ImageSource(fixture.client());
    const looked = images.lookup(parseReference(`${running.host}/team/app:v1`), {
      credentials: undefined,
      signal: signal(),
    });
    await expect(looked).rejects.toMatchObject({ name: "RegistryError", code });
    running.faults.clear();
  });

  test.each(redirects)("a redirect to %s gives %s", async (location, code) => {
    const { running } = await registryWithIndex();
    running.faults.add({ path: head, fault: { kind: "redirect", location } });
    const client = fixture.client({ plainHttp: (host) => host === running.host });
    const asked = client.resolve(parseReference(`${running.host}/team/app:v1`), {
      credentials: undefined,
      signal: signal(),
    });
    await expect(asked).rejects.toMatchObject({ code, message: expect.not.stringMatching(/169\.254|passwd|pass@/) });
    // Six hops at most, however it goes on.
    expect(running.requests.length).toBeLessThanOrEqual(6);
  });

  test.each([
    ["truncated JSON", '{"schemaVersion":2,"manifests":[{"media'],
    ["an image's manifest in an index's clothes", '{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}'],
    ["no object", "[]"],
    ["nothing", ""],
    ["depth without end", "[".repeat(100_000)],
  ])("%s under the right digest gives INVALID, and is not read again", async (_name, text) => {
    const running = await fixture.registry();
    await putRaw(running.store, "team/app", "v1", ociIndex, Buffer.from(text));
    const images = new ImageSource(fixture.client());
    const reference = parseReference(`${running.host}/team/app:v1`);
    const errors: unknown[] = [];
    for (let times = 0; times < 2; times += 1) {
      const looked = images.lookup(reference, { credentials: undefined, signal: signal() });
      await expect(looked).rejects.toMatchObject({ code: "INVALID", cause: { name: "OciError" } });
      errors.push(await looked.catch((error: unknown) => error));
    }
    expect(errors[1]).toBe(errors[0]);
    expect(running.requests.filter(({ method }) => method === "GET")).toHaveLength(1);
  });

  test("an index that is larger than 4 MiB gives TOO_LARGE", async () => {
    const running = await fixture.registry();
    await putRaw(running.store, "team/app", "v1", ociIndex, Buffer.alloc(4 * MiB + 1, " "));
    const client = fixture.client();
    const got = client.manifest(parseReference(`${running.host}/team/app:v1`), {
      credentials: undefined,
      signal: signal(),
    });
    await expect(got).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("a nested index that is missing gives NOT_FOUND", async () => {
    const running = await fixture.registry();
    await putIndex(running.store, "team/app", "v1", [{ mediaType: ociIndex, digest: nowhere, size: 10 }]);
    const images = new ImageSource(fixture.client());
    const looked = images.lookup(parseReference(`${running.host}/team/app:v1`), {
      credentials: undefined,
      signal: signal(),
    });
    await expect(looked).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("text in its errors is never repeated", async () => {
    const { running } = await registryWithIndex();
    const body = JSON.stringify({ errors: [{ code: "RUN_CURL_EVIL", message: "click http://evil" }] });
    running.faults.add({ path: get, fault: { kind: "status", status: 403, body } });
    const images = new ImageSource(fixture.client());
    const looked = images.lookup(parseReference(`${running.host}/team/app:v1`), {
      credentials: undefined,
      signal: signal(),
    });
    await expect(looked).rejects.toMatchObject({ message: expect.not.stringMatching(/evil/i) });
  });
});
