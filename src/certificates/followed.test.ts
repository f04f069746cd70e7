import { beforeAll, expect, test } from "vitest";
import type { SecretData } from "../kubernetes/secrets/secret.ts";
import { FollowedCertificate } from "./followed.ts";
import { createAuthority, issue, type KeyPair } from "./issue.ts";
import type { ServingCertificate } from "./source.ts";

let pairs: readonly KeyPair[];
beforeAll(async () => {
  const life = { now: new Date(), lifetimeMs: 3_600_000 };
  const authority = await createAuthority({ name: "test", ...life });
  pairs = await Promise.all([1, 2].map(() => issue({ authority, hosts: ["localhost"], ...life })));
});
const dataOf = (pair: KeyPair | undefined): SecretData => ({
  "tls.crt": pair?.certificate ?? "",
  "tls.key": pair?.key ?? "",
});

/** A Secret that a test writes by hand. */
class WrittenSecret {
  readonly place = "Secret metahub/tls";
  readonly #readers = new Set<(data: SecretData) => void>();
  #data: SecretData | undefined;
  read(reader: (data: SecretData) => void): () => void {
    this.#readers.add(reader);
    if (this.#data !== undefined) reader(this.#data);
    return () => this.#readers.delete(reader);
  }
  write(data: SecretData): void {
    this.#data = data;
    for (const reader of this.#readers) reader(data);
  }
  get readers(): number {
    return this.#readers.size;
  }
}

test("waits until the Secret holds a certificate", async () => {
  const secret = new WrittenSecret();
  const obtained = new FollowedCertificate(secret).obtain(AbortSignal.timeout(10_000));
  secret.write({ "tls.crt": "x", "tls.key": "y" });
  secret.write({ ...dataOf(pairs[0]), "tls.key": pairs[1]?.key ?? "" });
  secret.write(dataOf(pairs[0]));
  expect((await obtained).cert).toBe(pairs[0]?.certificate);
  expect(secret.readers).toBe(0);
});

test("installs each certificate that differs, and reports what is none", async () => {
  const secret = new WrittenSecret();
  secret.write(dataOf(pairs[0]));
  const source = new FollowedCertificate(secret);
  await source.obtain(AbortSignal.timeout(10_000));
  const installed: ServingCertificate[] = [];
  const problems: string[] = [];
  const over = new AbortController();
  const watched = source.watch({
    signal: over.signal,
    install: (certificate) => installed.push(certificate),
    report: ({ message }) => problems.push(message),
  });
  secret.write({ ...dataOf(pairs[0]), other: "x" });
  secret.write({});
  secret.write(dataOf(pairs[1]));
  expect(installed.map(({ cert }) => cert)).toEqual([pairs[1]?.certificate]);
  expect(problems).toEqual([
    "Secret metahub/tls does not hold a PEM certificate and its private key in tls.crt and tls.key",
  ]);
  over.abort();
  await watched;
  expect(secret.readers).toBe(0);
});
