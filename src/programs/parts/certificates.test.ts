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
const hosts = ["localhost", "127.0.0.1"];
const inFolder = (): CertificateOptions => ({ place: { kind: "folder", folder, hosts }, atBinding: true });

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

test("a Secret without a cluster is a mistake in the flags", () => {
  const place = { kind: "secret", namespace: "a", name: "b", hosts } as const;
  const make = (): unknown => certificateSource({ place, atBinding: true }, undefined, log);
  expect(make).toThrow(UsageError);
  expect(make).toThrow(/needs a cluster/);
});

test("a folder is filled with an authority and a certificate", async () => {
  const source = certificateSource(inFolder(), undefined, log);
  const { cert, notAfter } = await source.obtain(signal());
  expect(cert).toContain("BEGIN CERTIFICATE");
  expect(notAfter.getTime()).toBeGreaterThan(Date.now());
  expect((await readdir(folder)).sort()).toEqual(expect.arrayContaining(["ca.crt", "tls.crt", "tls.key"]));
});

test("files are read, and not written", async () => {
  await certificateSource(inFolder(), undefined, log).obtain(signal());
  const place = { kind: "files", certificateFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") } as const;
  const before = await readdir(folder);
  const { cert } = await certificateSource({ place, atBinding: true }, undefined, log).obtain(signal());
  expect(cert).toContain("BEGIN CERTIFICATE");
  expect(await readdir(folder)).toEqual(before);
});

test.each<[boolean, readonly string[]]>([
  [true, ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]],
  [false, ["mutatingwebhookconfigurations"]],
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
    const place = { kind: "secret", namespace: "system", name: "tls", hosts } as const;
    const options: CertificateOptions = { place, atBinding, webhookConfiguration: "metahub" };
    await certificateSource(options, client, log).obtain(signal());
    const secret = server.store.get("/api/v1/namespaces/system/secrets", "tls");
    expect(secret?.["type"]).toBe("kubernetes.io/tls");
    const told = server.requests.filter(({ method }) => method === "PATCH").map(({ path }) => path.split("/")[4]);
    expect([...new Set(told)].sort()).toEqual(kinds);
  },
);
