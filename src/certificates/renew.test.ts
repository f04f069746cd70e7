import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { CertificateError } from "./error.ts";
import { createAuthority, issue } from "./issue.ts";
import { needsRenewal, readableCertificates, type StoredData, servingFault } from "./material.ts";
import { type RenewOptions, renew, toStored } from "./renew.ts";

const dayMs = 86_400_000;
const start = Date.parse("2026-01-01T00:00:00Z");

function options(day: number, hosts: readonly string[] = ["metahub.metahub.svc"]): RenewOptions {
  const now = new Date(start + day * dayMs);
  return { hosts, now, authorityName: "metahub", authorityLifetimeMs: 730 * dayMs, certificateLifetimeMs: 90 * dayMs };
}

async function storedAt(day: number): Promise<Required<StoredData>> {
  return toStored((await renew(undefined, options(day))).material);
}

describe("issue", () => {
  const now = new Date(start);
  test("makes a certificate for names and addresses, signed by the authority, within its life", async () => {
    const authority = await createAuthority({ name: "test", now, lifetimeMs: 10 * dayMs });
    const { certificate, key } = await issue({
      authority,
      hosts: ["a.b.svc", "127.0.0.1", "::1"],
      now,
      lifetimeMs: 90 * dayMs,
    });
    const read = new X509Certificate(certificate);
    const issuer = new X509Certificate(authority.certificate);
    expect(read.checkHost("a.b.svc")).toBe("a.b.svc");
    expect(read.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(read.checkIP("::1")).toBe("::1");
    expect(read.checkIssued(issuer) && read.verify(issuer.publicKey)).toBe(true);
    expect(read.ca).toBe(false);
    expect(issuer.ca).toBe(true);
    expect(read.validTo).toBe(issuer.validTo);
    expect(new Date(read.validFrom).getTime()).toBeGreaterThanOrEqual(new Date(issuer.validFrom).getTime());
    expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test.each(["https://a.b", "a.b:8443", "a b", "", "-a", "300.1.1.1.", "a".repeat(254)])(
    "refuses the host %j",
    async (host) => {
      const authority = await createAuthority({ name: "test", now, lifetimeMs: dayMs });
      const made = issue({ authority, hosts: [host], now, lifetimeMs: dayMs });
      await expect(made).rejects.toMatchObject({ code: "HOST_INVALID" } satisfies Partial<CertificateError>);
    },
  );
});

describe("needsRenewal", () => {
  const life = { notBefore: new Date(start), notAfter: new Date(start + 90 * dayMs) };
  test.each([
    [0, false],
    [59.9, false],
    [60, true],
    [91, true],
  ])("after %d of 90 days: %s", (day, expected) => {
    expect(needsRenewal(life, new Date(start + day * dayMs))).toBe(expected);
  });
});

describe("renew", () => {
  test("makes everything where nothing is stored", async () => {
    const { material, reasons } = await renew(undefined, options(0));
    expect(reasons).toEqual(["new certificate authority: nothing is stored yet"]);
    expect(material.authorities).toHaveLength(1);
    expect(
      servingFault(material.serving, material.authorities, ["metahub.metahub.svc"], new Date(start)),
    ).toBeUndefined();
  });

  test("keeps what is good", async () => {
    const stored = await storedAt(0);
    const { material, reasons } = await renew(stored, options(59));
    expect(reasons).toEqual([]);
    expect(toStored(material)).toEqual(stored);
  });

  test("renews the serving certificate at two thirds of its life, under the same authority", async () => {
    const stored = await storedAt(0);
    const { material, reasons } = await renew(stored, options(60));
    expect(reasons).toEqual(["new serving certificate: two thirds of its life are over"]);
    expect(toStored(material)).toMatchObject({ "ca.crt": stored["ca.crt"], "ca.key": stored["ca.key"] });
    expect(material.serving.certificate).not.toBe(stored["tls.crt"]);
  });

  test("renews the authority at two thirds of its life and leaves the serving certificate and the old authority", async () => {
    const first = await storedAt(0);
    const before = toStored((await renew(first, options(480))).material);
    const { material, reasons } = await renew(before, options(487));
    expect(reasons).toEqual(["new certificate authority: two thirds of its life are over"]);
    expect(material.serving.certificate).toBe(before["tls.crt"]);
    expect(material.authorities).toHaveLength(2);
    expect(material.authorities[1]).toBe(first["ca.crt"]);
    // What either replica serves is trusted, old and new, until the old authority ends.
    const later = (await renew(toStored(material), options(541))).material;
    expect(
      servingFault(later.serving, [later.authority.certificate], ["metahub.metahub.svc"], options(541).now),
    ).toBeUndefined();
    expect(servingFault(material.serving, later.authorities, [], options(541).now)).toBeUndefined();
    expect((await renew(toStored(later), options(731))).material.authorities).toHaveLength(1);
  });

  test("never leaves a day, over ten years, on which what is served is not trusted", async () => {
    let stored = await storedAt(0);
    const served = [stored["tls.crt"]];
    for (let day = 1; day < 3650; day += 29) {
      stored = toStored((await renew(stored, options(day))).material);
      const trusted = readableCertificates(stored["ca.crt"]);
      const pair = { certificate: stored["tls.crt"] ?? "", key: stored["tls.key"] ?? "" };
      expect(servingFault(pair, trusted, ["metahub.metahub.svc"], options(day).now)).toBeUndefined();
      served.push(stored["tls.crt"]);
    }
    expect(new Set(served).size).toBeGreaterThan(30);
  });

  const broken: readonly (readonly [string, Partial<StoredData>, RegExp])[] = [
    [
      "an empty Secret",
      { "ca.crt": undefined, "ca.key": undefined, "tls.crt": undefined, "tls.key": undefined },
      /ca.crt/,
    ],
    [
      "a broken authority",
      { "ca.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
      /no readable certificate/,
    ],
    ["a broken authority key", { "ca.key": "-----BEGIN PRIVATE KEY-----\nAAAA\n" }, /ca.key does not belong/],
    ["a missing authority key", { "ca.key": undefined }, /ca.key is missing/],
    ["a broken serving certificate", { "tls.crt": "nonsense" }, /tls.crt holds no readable certificate/],
    ["a missing serving key", { "tls.key": undefined }, /tls.key is missing/],
  ];
  test.each(broken)("repairs %s and says why", async (_, change, reason) => {
    const stored = { ...(await storedAt(0)), ...change };
    const { material, reasons } = await renew(stored, options(1));
    expect(reasons.join("; ")).toMatch(reason);
    expect(
      servingFault(material.serving, material.authorities, ["metahub.metahub.svc"], options(1).now),
    ).toBeUndefined();
    expect(JSON.stringify(reasons)).not.toContain("PRIVATE KEY");
  });

  test("repairs a serving key of another certificate", async () => {
    const stored = { ...(await storedAt(0)), "tls.key": (await storedAt(0))["tls.key"] };
    expect((await renew(stored, options(1))).reasons).toEqual([
      "new serving certificate: tls.key does not belong to tls.crt",
    ]);
  });

  test("trusts the old authority on while a replica may still serve under it, when only its key was lost", async () => {
    const stored = { ...(await storedAt(0)), "ca.key": "lost" };
    const { material } = await renew(stored, options(1));
    expect(material.serving.certificate).toBe(stored["tls.crt"]);
    expect(material.authorities[1]).toBe(stored["ca.crt"]);
  });

  test("issues anew for other hosts", async () => {
    const { reasons } = await renew(await storedAt(0), options(1, ["metahub.metahub.svc", "10.0.0.1"]));
    expect(reasons).toEqual(["new serving certificate: tls.crt is not for the host 10.0.0.1"]);
  });

  test("does not grow the bundle without bound", async () => {
    let stored: StoredData = await storedAt(0);
    for (let time = 0; time < 10; time++)
      stored = toStored((await renew({ ...stored, "ca.key": "lost" }, options(1))).material);
    expect(readableCertificates(stored["ca.crt"]).length).toBeLessThanOrEqual(4);
    expect(stored["ca.crt"]?.match(/BEGIN/g)?.length).toBeLessThanOrEqual(5);
  });
});
