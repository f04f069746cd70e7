import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CertificatePlace, certificateSource } from "./certificates.ts";

const log = pino({ level: "silent" });
const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const hosts = ["localhost", "127.0.0.1"];
const open = (place: CertificatePlace) =>
  certificateSource(place, { log, followed: () => Promise.reject(new Error("no Secret is asked for")) });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-tls-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a folder is filled with an authority and a certificate", async () => {
  const source = await open({ kind: "folder", folder, hosts });
  const { cert, notAfter } = await source.obtain(signal());
  expect(cert).toContain("BEGIN CERTIFICATE");
  expect(notAfter.getTime()).toBeGreaterThan(Date.now());
  expect((await readdir(folder)).sort()).toEqual(expect.arrayContaining(["ca.crt", "tls.crt", "tls.key"]));
});

test("files are read, and not written", async () => {
  await (await open({ kind: "folder", folder, hosts })).obtain(signal());
  const place = { kind: "files", certificateFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") } as const;
  const before = await readdir(folder);
  const { cert } = await (await open(place)).obtain(signal());
  expect(cert).toContain("BEGIN CERTIFICATE");
  expect(await readdir(folder)).toEqual(before);
});
