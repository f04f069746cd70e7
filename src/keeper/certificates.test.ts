import { expect, test } from "vitest";
import { createAuthority } from "../certificates/issue.ts";
import { readableCertificates, servingFault } from "../certificates/material.ts";
import type { SecretData } from "../kubernetes/secrets/secret.ts";
import { type KeptCertificates, keepCertificates } from "./certificates.ts";

const dayMs = 86_400_000;
const start = new Date("2026-11-28T12:00:00Z");
const after = (days: number): Date => new Date(start.getTime() + days * dayMs);
const hosts = ["metahub-webhook.metahub-system.svc"];
const keep = (authority: SecretData | undefined, serving: SecretData | undefined, now = start) =>
  keepCertificates(authority, serving, {
    hosts,
    now,
    authorityName: "metahub",
    authorityLifetimeMs: 730 * dayMs,
    certificateLifetimeMs: 90 * dayMs,
  });
const isGood = ({ serving, bundle }: KeptCertificates, now = start): boolean =>
  servingFault(
    { certificate: serving["tls.crt"], key: serving["tls.key"] },
    readableCertificates(bundle),
    hosts,
    now,
  ) === undefined;

test("nothing is there: both are made, and the key of the authority is in its own Secret alone", async () => {
  const kept = await keep(undefined, undefined);
  expect(isGood(kept)).toBe(true);
  expect(Object.keys(kept.authority).sort()).toEqual(["ca.crt", "ca.key"]);
  expect(Object.keys(kept.serving).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
  expect(kept.servesStill).toBe(false);
  expect(kept.reasons).toHaveLength(1);
});

test("what is good stays as it is", async () => {
  const kept = await keep(undefined, undefined);
  const again = await keep(kept.authority, kept.serving, after(59));
  expect([again.authority, again.serving, again.reasons]).toEqual([kept.authority, kept.serving, []]);
  expect(again.servesStill).toBe(true);
});

test("an earlier version kept the authority beside the certificate: it is taken over, and the certificate stays", async () => {
  const { authority, serving } = await keep(undefined, undefined);
  const kept = await keep(undefined, { ...serving, "ca.key": authority["ca.key"] ?? "" }, after(1));
  expect(kept.authority).toEqual(authority);
  expect(kept.serving).toEqual(serving);
});

test("the authority is lost: the old one stays trusted, and its certificate is served until it is due", async () => {
  const before = await keep(undefined, undefined);
  const kept = await keep(undefined, before.serving, after(1));
  expect(kept.serving["tls.crt"]).toBe(before.serving["tls.crt"]);
  expect(kept.authority["ca.key"]).not.toBe(before.authority["ca.key"]);
  expect(readableCertificates(kept.bundle)).toHaveLength(2);
  expect([kept.servesStill, isGood(kept, after(1))]).toEqual([true, true]);
  const due = await keep(kept.authority, kept.serving, after(61));
  expect(due.serving["tls.crt"]).not.toBe(before.serving["tls.crt"]);
  expect([due.servesStill, isGood(due, after(61))]).toEqual([true, true]);
});

test("the authority is lost again and again: what is served stays trusted", async () => {
  let kept = await keep(undefined, undefined);
  const served = kept.serving["tls.crt"];
  for (let day = 1; day <= 6; day++) {
    kept = await keep(undefined, kept.serving, after(day));
    expect([kept.serving["tls.crt"] === served, kept.servesStill]).toEqual([true, true]);
  }
});

test("after a rollback and another upgrade, both authorities are trusted", async () => {
  const ours = await keep(undefined, undefined);
  const theirs = await keep(undefined, undefined);
  const kept = await keep(ours.authority, { ...theirs.serving, "ca.key": theirs.authority["ca.key"] ?? "" }, after(1));
  expect(kept.authority["ca.key"]).toBe(ours.authority["ca.key"]);
  expect(kept.serving["tls.crt"]).toBe(theirs.serving["tls.crt"]);
  expect(readableCertificates(kept.bundle)).toHaveLength(2);
  expect(isGood(kept, after(1))).toBe(true);
});

test.each<[string, SecretData]>([
  ["no certificate", {}],
  ["a certificate that cannot be read", { "tls.crt": "x", "tls.key": "y" }],
])("%s: one is made by the authority that is there", async (_name, serving) => {
  const { authority } = await keep(undefined, undefined);
  const kept = await keep(authority, serving, after(1));
  expect(kept.authority).toEqual(authority);
  expect([kept.servesStill, isGood(kept, after(1))]).toEqual([false, true]);
});

test("an authority that belongs to another key is made anew", async () => {
  const { authority, serving } = await keep(undefined, undefined);
  const other = await createAuthority({ name: "metahub", now: start, lifetimeMs: dayMs });
  const kept = await keep({ ...authority, "ca.key": other.key }, serving);
  expect(kept.reasons).toEqual(["new certificate authority: ca.key does not belong to ca.crt"]);
  expect(kept.serving["tls.crt"]).toBe(serving["tls.crt"]);
});
