import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";
import { putManifest } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { parseReference } from "../oci/reference.ts";
import type { Access } from "./access.ts";

const fixture = registryFixture();
const access = (): Access => ({ credentials: undefined, signal: AbortSignal.timeout(10_000) });
let tls: { key: string; cert: string };

beforeAll(async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=registry",
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true),
        new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]),
      ],
    },
    webcrypto,
  );
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  tls = { key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString("pem") };
});

describe("HTTPS", () => {
  test("an authority of one's own is trusted besides the others; without it the answer is TLS", async () => {
    const running = await fixture.registry({ tls });
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    const reference = parseReference(`${running.host}/team/app:v1`);
    const options = { plainHttp: () => false, allowPrivate: true };
    const patient = { connectMs: 2_000, headersMs: 2_000 };
    const trusting = fixture.client({ ...options, ca: tls.cert, timeouts: patient });
    expect(await trusting.resolve(reference, access())).toEqual(pushed);
    const strict = fixture.client({ ...options, timeouts: patient });
    await expect(strict.resolve(reference, access())).rejects.toMatchObject({ code: "TLS", temporary: false });
  });

  test("is never left for plain HTTP, by a redirect or by a token server", async () => {
    const plain = await fixture.registry();
    const client = { allowPrivate: true, ca: tls.cert, timeouts: { connectMs: 2_000, headersMs: 2_000 } };
    const secure = await fixture.registry({ tls });
    secure.faults.add({ path: /./, fault: { kind: "redirect", location: `http://${plain.host}/v2/` } });
    const plainHttp = (host: string): boolean => host === plain.host;
    const redirected = fixture.client({ ...client, plainHttp }).resolve(parseReference(`${secure.host}/a/b`), access());
    await expect(redirected).rejects.toMatchObject({ code: "REFUSED_REDIRECT" });

    const realm = `http://${plain.host}/token`;
    const guarded = await fixture.registry({ tls, auth: { scheme: "bearer", users: {}, realm } });
    const asked = fixture.client({ ...client, plainHttp }).resolve(parseReference(`${guarded.host}/a/b`), access());
    await expect(asked).rejects.toMatchObject({ code: "REFUSED_HOST" });
    expect(plain.requests).toHaveLength(0);
  });

  test("a host that speaks no TLS is TLS or UNREACHABLE, never asked in the clear", async () => {
    const plain = await fixture.registry();
    const client = fixture.client({ plainHttp: () => false, allowPrivate: true });
    const asked = client.resolve(parseReference(`${plain.host}/a/b`), access());
    await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^(TLS|UNREACHABLE)$/) });
    expect(plain.requests).toHaveLength(0);
  });
});
