import { timingSafeEqual } from "node:crypto";
import { expect, test } from "vitest";
import { credential, now, seconds } from "../../test/support/identity/credentials.ts";
import { Credentials, mostOfOneUser, stateOf } from "./credentials.ts";
import { IdentityError } from "./error.ts";
import { createSecret, hashOfSecret } from "./secret.ts";

const numbered = (count: number, spec = {}) =>
  Array.from({ length: count }, (_, index) => credential(`c${index}`, `secret ${index}`, spec));

test("a secret is 32 random bytes behind mh_, and its hash the SHA-256 of all of it", () => {
  const secrets = Array.from({ length: 100 }, createSecret);
  expect(new Set(secrets).size).toBe(100);
  for (const secret of secrets) expect(secret).toMatch(/^mh_[A-Za-z0-9_-]{43}$/);
  // printf mh_x | sha256sum
  expect(hashOfSecret("mh_x")).toBe("sha256:5e69046e2cac18c6f0e583876c067e4c895704736f775021b49b34a82f042723");
});

test("a user name and a secret find their credential, also among several of one name", () => {
  const all = new Credentials([...numbered(5), credential("other", "secret 1", { username: "u" })]);
  expect(all.find("type1", "secret 3")?.metadata.name).toBe("c3");
  expect(all.find("u", "secret 1")?.metadata.name).toBe("other");
  expect(all.find("u", "secret 3")).toBeUndefined();
  expect(all.find("type1", "secret 9")).toBeUndefined();
  expect(all.find("nobody", "secret 3")).toBeUndefined();
});

test("the work for a user name that there is not is the same as for one with one credential, or with very many", () => {
  const lengths: number[] = [];
  const counted = (left: Buffer, right: Buffer): boolean => {
    lengths.push(left.length, right.length);
    return timingSafeEqual(left, right);
  };
  const all = new Credentials([...numbered(40), credential("alone", "its secret", { username: "alone" })], counted);
  const asked: [user: string, secret: string][] = [
    ["nobody", "x"],
    ["alone", "its secret"],
    ["alone", "x"],
    ["type1", "secret 0"],
    ["type1", "x".repeat(10_000)],
    ["", ""],
  ];
  const work = asked.map(([user, secret]) => {
    lengths.length = 0;
    all.find(user, secret);
    return [...lengths];
  });
  for (const each of work) expect(each).toEqual(Array(2 * mostOfOneUser).fill(32));
});

test("beyond the bound of one user name those that end first do not count", () => {
  const lasting = numbered(mostOfOneUser - 1);
  const revoked = credential("a-revoked", "r", { revoked: "2026-11-28T00:00:00Z" });
  const soon = credential("b-soon", "s", { expires: "2026-11-29T00:00:00Z" });
  const later = credential("later", "l", { expires: "2027-11-29T00:00:00Z" });
  const all = new Credentials([revoked, soon, ...lasting, later]);
  expect(all.ignored).toEqual(["b-soon", "a-revoked"]);
  expect(all.find("type1", "l")).toBe(later);
  expect(all.find("type1", "s")).toBeUndefined();
  expect(all.byId("b-soon")).toBeUndefined();
  expect(all.findBySecret("s")).toBeUndefined();
});

test("a digest of zeros, which stands in for nobody, is nobody's secret", () => {
  const all = new Credentials([], () => true);
  expect(all.find("type1", "anything")).toBeUndefined();
});

test("a secret alone finds its credential where no other has the same", () => {
  const same = [credential("a", "same"), credential("b", "same", { username: "b" })];
  const all = new Credentials([...same, credential("c", "own")]);
  expect(all.findBySecret("own")?.metadata.name).toBe("c");
  expect(all.findBySecret("same")).toBeUndefined();
  expect(all.findBySecret("none")).toBeUndefined();
});

test("more credentials than are kept, and one that stands twice, are refused", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...credential("c", "s"), metadata: { name: `c${index}` } }));
  expect(new Credentials(many(10_000)).byId("c0")).toBeDefined();
  expect(() => new Credentials(many(10_001))).toThrow(/more than 10000/);
  expect(() => new Credentials([credential("c", "1"), credential("c", "2")])).toThrow(IdentityError);
  const namespaced = (namespace: string) => ({ ...credential("c", "1"), metadata: { name: "c", namespace } });
  expect(new Credentials([namespaced("a"), namespaced("b")]).byId("b/c")).toBeDefined();
});

test.each([
  [{}, "active"],
  [{ expires: "2026-11-28T12:00:01Z" }, "active"],
  [{ expires: "2026-11-28T12:00:00Z" }, "expired"],
  [{ revoked: "2036-11-28T12:00:00Z" }, "revoked"],
  [{ expires: "2020-01-01T00:00:00Z", revoked: "2020-01-01T00:00:00Z" }, "revoked"],
])("%j is %s", (spec, state) => {
  expect(stateOf(credential("c", "s", spec), now)).toBe(state);
  expect(stateOf(credential("c", "s", spec), seconds(0))).toBe(state);
});
