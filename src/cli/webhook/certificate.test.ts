import { expect, test } from "vitest";
import { UsageError } from "../../process/failure.ts";
import type { CertificatePlace } from "../../programs/parts/certificates.ts";
import { type CertificateFlags, certificatePlace } from "./certificate.ts";

const hosts = ["localhost", "127.0.0.1"];
const base: CertificateFlags = { tlsHost: hosts };

test.each<[string, Partial<CertificateFlags>, RegExp]>([
  ["nothing", {}, /none was given/],
  ["a Secret and a folder", { tlsSecret: "a/b", tlsDir: "d" }, /more than one was given/],
  ["files and a Secret", { tlsCertFile: "c", tlsKeyFile: "k", tlsSecret: "a/b" }, /more than one was given/],
  ["a certificate without its key", { tlsCertFile: "c" }, /belong together/],
  ["a key without its certificate", { tlsKeyFile: "k" }, /belong together/],
  ["a Secret without a namespace", { tlsSecret: "b" }, /expected NAMESPACE\/NAME/],
])("%s is a mistake in the flags", (_name, flags, message) => {
  const read = (): unknown => certificatePlace({ ...base, ...flags });
  expect(read).toThrow(UsageError);
  expect(read).toThrow(message);
});

test.each<[Partial<CertificateFlags>, CertificatePlace]>([
  [
    { tlsCertFile: "c", tlsKeyFile: "k" },
    { kind: "files", certificateFile: "c", keyFile: "k" },
  ],
  [{ tlsDir: "d" }, { kind: "folder", folder: "d", hosts }],
  [{ tlsSecret: "a/b" }, { kind: "secret", namespace: "a", name: "b" }],
])("%j is read", (flags, place) => {
  expect(certificatePlace({ ...base, ...flags })).toEqual(place);
});
