import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:tls";
import { expect, test } from "vitest";
import { createAuthority, serviceAccountKeys } from "./pki.ts";

test("a server and a client of one authority trust each other", async () => {
  const authority = await createAuthority();
  const server = await authority.issue({
    commonName: "s",
    server: true,
    addresses: ["127.0.0.1"],
    hosts: ["localhost"],
  });
  const client = await authority.issue({ commonName: "c", client: true });
  const listening = createServer({
    cert: server.certificate,
    key: server.key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca: authority.certificate,
    cert: client.certificate,
    key: client.key,
  });
  await once(socket, "secureConnect");
  expect(socket.authorized).toBe(true);
  socket.destroy();
  listening.close();
});

test("names are what Kubernetes reads users and groups from", async () => {
  const authority = await createAuthority();
  const { certificate } = await authority.issue({
    commonName: "system:node:node1",
    organizations: ["system:nodes"],
    client: true,
  });
  const parsed = new X509Certificate(certificate);
  expect(parsed.subject.split("\n").sort()).toEqual(["CN=system:node:node1", "O=system:nodes"]);
  expect(parsed.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
  expect(parsed.ca).toBe(false);
  expect(parsed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
});

test("service account keys are a pair in PEM", () => {
  const { privateKey, publicKey } = serviceAccountKeys();
  expect([privateKey.split("\n")[0], publicKey.split("\n")[0]]).toEqual([
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----",
  ]);
});
