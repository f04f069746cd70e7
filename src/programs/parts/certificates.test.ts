import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer, reply } from "../../../test/support/api-server/fake.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import { UsageError } from "../../process/failure.ts";
import { type CertificateOptions, certificateSource } from "./certificates.ts";

const log = pino({ level: "silent" });
const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const base: CertificateOptions = { tlsHost: ["localhost", "127.0.0.1"], atBinding: "true" };

let folder: string;
let server: FakeApiServer;
let client: KubernetesClient;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-tls-"));
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
});
afterEach(async () => {
  await client.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

test.each<[string, Partial<CertificateOptions>, RegExp]>([
  ["nothing", {}, /none was given/],
  ["a Secret and a folder", { tlsSecret: "a/b", tlsDir: "d" }, /more than one was given/],
  ["files and a Secret", { tlsCertFile: "c", tlsKeyFile: "k", tlsSecret: "a/b" }, /more than one was given/],
  ["a certificate without its key", { tlsCertFile: "c" }, /belong together/],
  ["a key without its certificate", { tlsKeyFile: "k" }, /belong together/],
  ["a Secret without a namespace", { tlsSecret: "b" }, /expected NAMESPACE\/NAME/],
  ["a Secret without a cluster", { tlsSecret: "a/b" }, /needs a cluster/],
])("%s is a mistake in the flags", (_name, options, message) => {
  const make = (): unknown => certificateSource({ ...base, ...options }, undefined, log);
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
});

test("a folder is filled with an authority and a certificate", async () => {
  const source = certificateSource({ ...base, tlsDir: folder }, undefined, log);
  const { cert, notAfter } = await source.obtain(signal());
  expect(cert).toContain("BEGIN CERTIFICATE");
  expect(notAfter.getTime()).toBeGreaterThan(Date.now());
  expect((await readdir(folder)).sort()).toEqual(expect.arrayContaining(["ca.crt", "tls.crt", "tls.key"]));
});

test("files are read, and not written", async () => {
  await certificateSource({ ...base, tlsDir: folder }, undefined, log).obtain(signal());
  const files = { tlsCertFile: join(folder, "tls.crt"), tlsKeyFile: join(folder, "tls.key") };
  const before = await readdir(folder);
  const { cert } = await certificateSource({ ...base, ...files }, undefined, log).obtain(signal());
  expect(cert).toContain("BEGIN CERTIFICATE");
  expect(await readdir(folder)).toEqual(before);
});

test.each<["true" | "false", readonly string[]]>([
  ["true", ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]],
  ["false", ["mutatingwebhookconfigurations"]],
])(
  "a Secret is made, and its authority told to the webhook configurations (at binding: %s)",
  async (atBinding, kinds) => {
    for (const plural of ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]) {
      server.store.put(`/apis/admissionregistration.k8s.io/v1/${plural}`, {
        metadata: { name: "metahub" },
        webhooks: [{ name: "pods.metahub.dev", clientConfig: { url: "https://127.0.0.1" } }],
      });
    }
    server.always(({ method }, response) => {
      if (method === "PATCH") reply(response, 200, { metadata: { name: "metahub" } });
      return method === "PATCH";
    });
    const options = { ...base, atBinding, tlsSecret: "system/tls", webhookConfiguration: "metahub" };
    await certificateSource(options, client, log).obtain(signal());
    const secret = server.store.get("/api/v1/namespaces/system/secrets", "tls");
    expect(secret?.["type"]).toBe("kubernetes.io/tls");
    const told = server.requests.filter(({ method }) => method === "PATCH").map(({ path }) => path.split("/")[4]);
    expect([...new Set(told)].sort()).toEqual(kinds);
  },
);
