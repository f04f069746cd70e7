import { expect, test } from "vitest";
import { keeperOf, MemoryCluster } from "../../test/support/keeper/cluster.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { parseSigningKeys, signingKey } from "../keys/signing-keys.ts";

const hourMs = 3_600_000;
const never = new AbortController().signal;

function bench() {
  const cluster = new MemoryCluster();
  const clock = new ManualClock();
  const { keeper, lines } = keeperOf(cluster, clock);
  const keys = () => parseSigningKeys(cluster.secret("token-keys")["token-keys"] ?? "");
  const wrote = () => cluster.done.filter((done) => done.endsWith("secrets/token-keys")).length;
  return { cluster, clock, keys, wrote, lines, look: () => keeper.look(never) };
}

test("a key is made, renewed each day, and verifies for two hours more", async () => {
  const { clock, keys, wrote, look } = bench();
  await look();
  const [first] = keys();
  expect(first).toBeDefined();
  await clock.advance(23 * hourMs);
  await look();
  expect([keys(), wrote()]).toEqual([[first], 1]);
  await clock.advance(hourMs - 5 * 60_000);
  await look();
  expect(keys()).toHaveLength(2);
  // It signs once every replica has read it.
  expect(signingKey(keys(), clock.wall())?.id).toBe(first?.id);
  await clock.advance(10 * 60_000);
  expect(signingKey(keys(), clock.wall())?.id).not.toBe(first?.id);
  await clock.advance(3 * hourMs);
  await look();
  expect(keys().map(({ id }) => id)).not.toContain(first?.id);
});

test("keys that cannot be read are made anew, which the log says without telling them", async () => {
  const { cluster, keys, lines, look } = bench();
  await look();
  const [first] = keys();
  const broken = Buffer.from("not a key").toString("base64");
  cluster.put("secrets", { ...cluster.object("secrets/token-keys"), data: { "token-keys": broken } });
  await look();
  expect(keys()).toHaveLength(1);
  expect(keys()[0]?.id).not.toBe(first?.id);
  expect(lines.join()).toContain("the keys of tokens cannot be read and are made anew");
  expect(lines.join()).not.toContain(keys()[0]?.secret.export().toString("base64url"));
});

test("somebody else writes them at the same moment: theirs count", async () => {
  const { cluster, keys, look } = bench();
  await look();
  const theirs = keys();
  cluster.failing.set("PUT secrets/token-keys", ["CONFLICT", "written meanwhile"]);
  const stored = cluster.object("secrets/token-keys");
  cluster.put("secrets", { ...stored, data: {} });
  expect((await look()).next).toBe(1_000);
  cluster.failing.clear();
  cluster.put("secrets", stored);
  await look();
  expect(keys()).toEqual(theirs);
});
