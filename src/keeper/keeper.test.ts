import { beforeEach, expect, test } from "vitest";
import { configuration, hosts, keeperOf, lifeMs, MemoryCluster } from "../../test/support/keeper/cluster.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { readableCertificates, servingFault } from "../certificates/material.ts";
import { isRecord } from "../json/object.ts";
import { KubernetesError } from "../kubernetes/error.ts";
import { calledWebhooks, segmentOf } from "./called.ts";

const kind = "mutatingwebhookconfigurations";
let cluster: MemoryCluster;
let clock: ManualClock;
const never = new AbortController().signal;
beforeEach(() => {
  cluster = new MemoryCluster();
  clock = new ManualClock();
  cluster.put(kind, configuration("metahub-webhook"));
});

const called = (name = "metahub-webhook") => calledWebhooks(cluster.object(`${kind}/${name}`))[0];
const segments = (): readonly string[] =>
  (cluster.secret("keys")["paths"] ?? "")
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
const bundle = (): string => Buffer.from(called()?.caBundle ?? "", "base64").toString();
const named = (): string => {
  const webhook = called();
  return (webhook && segmentOf(webhook)) ?? "none";
};
const isServed = (): boolean => {
  const { "tls.crt": certificate, "tls.key": key } = cluster.secret("tls");
  return servingFault({ certificate, key }, readableCertificates(bundle()), hosts, clock.wall()) === undefined;
};

test("an installation: everything is made in one look, the authority before the certificate that it signs", async () => {
  const { keeper } = keeperOf(cluster, clock);
  expect((await keeper.look(never)).whole).toBe(true);
  expect(cluster.done).toEqual([
    "POST secrets/authority",
    `PATCH ${kind}/metahub-webhook`,
    "POST secrets/tls",
    "POST secrets/keys",
    `PATCH ${kind}/metahub-webhook`,
    "POST secrets/token-keys",
  ]);
  expect([isServed(), segments()]).toEqual([true, [named()]]);
  expect(cluster.object("secrets/tls")["type"]).toBe("kubernetes.io/tls");
  cluster.done.length = 0;
  expect((await keeper.look(never)).whole).toBe(true);
  expect(cluster.done).toEqual([]);
});

test("a certificate is due whose authority is new: it waits until every API server may know that, whoever told them", async () => {
  await keeperOf(cluster, clock).keeper.look(never);
  const served = cluster.secret("tls")["tls.crt"];
  await clock.advance(61 * lifeMs);
  cluster.objects.delete("secrets/authority");
  const [one, other] = [keeperOf(cluster, clock), keeperOf(cluster, clock)];
  const { next, whole } = await one.keeper.look(never);
  expect([next, whole, cluster.secret("tls")["tls.crt"]]).toEqual([10_000, false, served]);
  await clock.advance(1_000);
  expect((await other.keeper.look(never)).next).toBe(9_000);
  expect(cluster.secret("tls")["tls.crt"]).toBe(served);
  await clock.advance(9_000);
  expect((await other.keeper.look(never)).whole).toBe(true);
  expect([cluster.secret("tls")["tls.crt"] === served, isServed()]).toEqual([false, true]);
});

test("nothing can be served any more: nobody waits", async () => {
  const { keeper } = keeperOf(cluster, clock);
  await keeper.look(never);
  for (const name of ["authority", "tls"]) cluster.objects.delete(`secrets/${name}`);
  expect((await keeper.look(never)).whole).toBe(true);
  expect(isServed()).toBe(true);
});

test.each([
  ["a configuration refuses the authority", `PATCH ${kind}/metahub-webhook`],
  ["a Secret cannot be written", "POST secrets/authority"],
])("%s: the keys are kept all the same, and it is tried again", async (_name, part) => {
  cluster.failing.set(part, ["FORBIDDEN", "no"]);
  const { keeper } = keeperOf(cluster, clock);
  await expect(keeper.look(never)).rejects.toThrow("no");
  expect(segments()).toHaveLength(1);
  cluster.failing.clear();
  expect((await keeper.look(never)).whole).toBe(true);
});

test("the serving certificate stays where its successor's authority cannot be told", async () => {
  const { keeper } = keeperOf(cluster, clock);
  await keeper.look(never);
  const served = cluster.secret("tls")["tls.crt"];
  await clock.advance(61 * lifeMs);
  cluster.objects.delete("secrets/authority");
  cluster.failing.set(`PATCH ${kind}`, ["FORBIDDEN", "no"]);
  await expect(keeper.look(never)).rejects.toThrow("no");
  expect(cluster.secret("tls")["tls.crt"]).toBe(served);
});

test("an API server repeats the path that it refuses, and nobody reads it in the log", async () => {
  const { keeper } = keeperOf(cluster, clock);
  cluster.client.patch = async (_target, { operations }) => {
    const values = operations.map((operation) => ("value" in operation ? String(operation.value) : ""));
    throw new KubernetesError("INVALID", `Invalid value: ${values.join(" ")}`);
  };
  const error = await keeper.look(never).catch((thrown: unknown) => thrown);
  const [segment = ""] = segments();
  expect(segment).toMatch(/^[0-9a-f]{64}$/);
  expect(error instanceof Error ? error.message : "").toContain("/…/mutate/pods");
  expect(JSON.stringify([error, String(error), isRecord(error) ? error["cause"] : ""])).not.toContain(segment);
});

test("another keeper wrote between reading and writing: it is looked again, and the other's stays", async () => {
  const [one, other] = [keeperOf(cluster, clock), keeperOf(cluster, clock)];
  await Promise.all([one.keeper.look(never), other.keeper.look(never)]);
  await one.keeper.look(never);
  const held = ["authority", "tls", "keys"].map((name) => cluster.secret(name));
  cluster.done.length = 0;
  expect((await other.keeper.look(never)).whole && (await one.keeper.look(never)).whole).toBe(true);
  expect(["authority", "tls", "keys"].map((name) => cluster.secret(name))).toEqual(held);
  expect(cluster.done).toEqual([]);
  expect(isServed()).toBe(true);
});

test("labels and annotations that others put on a Secret stay", async () => {
  const { keeper } = keeperOf(cluster, clock);
  await keeper.look(never);
  const secret = cluster.object("secrets/keys");
  cluster.put("secrets", { ...secret, metadata: { ...secret.metadata, labels: { x: "y" }, annotations: { n: "m" } } });
  await clock.advance(lifeMs);
  await keeper.look(never);
  expect(cluster.object("secrets/keys").metadata).toMatchObject({
    labels: { x: "y", a: "b" },
    annotations: { n: "m" },
  });
});

test("a configuration that is not there is said once, and all is not kept before it comes", async () => {
  cluster.objects.clear();
  const { keeper, lines } = keeperOf(cluster, clock);
  expect([(await keeper.look(never)).whole, (await keeper.look(never)).whole]).toEqual([false, false]);
  expect(lines.filter((line) => line.includes("are not there"))).toHaveLength(1);
  cluster.put(kind, configuration("metahub-webhook"));
  expect((await keeper.look(never)).whole).toBe(true);
});

test("what was made anew is logged, and no secret is", async () => {
  const { keeper, lines } = keeperOf(cluster, clock);
  await keeper.look(never);
  cluster.objects.delete("secrets/authority");
  await keeper.look(never);
  const text = lines.join("");
  expect(text).toContain("an authority was made");
  expect(text).toContain("the API server is told other authorities");
  const { paths = "", "note-keys": noteKeys = "" } = cluster.secret("keys");
  for (const word of `${paths} ${noteKeys}`.split(/\s+/).filter(({ length }) => length > 30)) {
    expect(text).not.toContain(word);
  }
  expect(text).not.toContain("PRIVATE KEY");
});

/** A look may take real time, for keys: the clock moves once the keeper waits again. */
async function nextSecond(): Promise<void> {
  await clock.timer(() => true);
  await clock.advance(1_000);
}

test("somebody writes against it: the pauses grow, and it is said", async () => {
  const { keeper, lines } = keeperOf(cluster, clock);
  const ended = new AbortController();
  const kept = keeper.run(ended.signal, () => undefined);
  let looks = 0;
  const read = cluster.client.get;
  cluster.client.get = async (target) => {
    if (target.name === "metahub-webhook") looks += 1;
    return read(target);
  };
  // A tool that puts back what it has, whenever something else is there.
  for (let second = 0; second < 300; second++) {
    cluster.put(kind, configuration("metahub-webhook"));
    keeper.notice();
    await nextSecond();
  }
  expect(looks).toBeLessThan(100);
  expect(lines.some((line) => line.includes("does something else write it?"))).toBe(true);
  ended.abort();
  await kept;
  expect(clock.waits).toEqual([]);
});

test("a change is looked at after a second, and a failure is tried again later and later", async () => {
  const { keeper, told } = keeperOf(cluster, clock);
  const ended = new AbortController();
  let whole = 0;
  const kept = keeper.run(ended.signal, () => whole++);
  // Certificates are made in real time.
  const advanceUntil = async (is: () => boolean): Promise<void> => {
    await expect
      .poll(
        async () => {
          await clock.advance(1_000);
          return is();
        },
        { interval: 5 },
      )
      .toBe(true);
  };
  await advanceUntil(() => whole === 1);
  cluster.objects.delete("secrets/tls");
  keeper.notice();
  await advanceUntil(() => cluster.objects.has("secrets/tls") && isServed());
  cluster.failing.set("secrets", ["FORBIDDEN", "no"]);
  cluster.objects.delete("secrets/tls");
  keeper.notice();
  await advanceUntil(() => told.includes("looked failed"));
  const failed = (): number => told.filter((what) => what === "looked failed").length;
  for (let second = 0; second < 120; second++) await nextSecond();
  expect(failed()).toBeGreaterThan(1);
  expect(failed()).toBeLessThanOrEqual(9);
  ended.abort();
  await kept;
  expect([whole, clock.waits]).toEqual([1, []]);
});

test("an upgrade from a version without segments: its configurations go a day after ours stand, not before", async () => {
  cluster.put(kind, configuration("metahub", "/mutate/pods"));
  let unaware: readonly string[] = ["10.0.0.1: it answers 404"];
  const { keeper, told } = keeperOf(cluster, clock, () => unaware);
  await keeper.look(never);
  expect([called()?.path, segments().includes("-"), told.includes("open true")]).toEqual([undefined, true, true]);
  expect(called("metahub")?.caBundle).toBe(called()?.caBundle);
  // The rollout takes two days.
  for (let hour = 0; hour < 48; hour++) {
    await clock.advance(lifeMs / 24);
    await keeper.look(never);
  }
  expect([cluster.objects.has(`${kind}/metahub`), segments().includes("-")]).toEqual([true, true]);
  unaware = [];
  await keeper.look(never);
  expect(segments()).toContain(named());
  for (let hour = 0; hour < 22; hour++) {
    await clock.advance(lifeMs / 24);
    await keeper.look(never);
  }
  expect(cluster.objects.has(`${kind}/metahub`)).toBe(true);
  for (let hour = 0; hour < 4; hour++) {
    await clock.advance(lifeMs / 24);
    await keeper.look(never);
  }
  expect([cluster.objects.has(`${kind}/metahub`), segments().includes("-")]).toEqual([false, false]);
  expect(told.findLast((what) => what.startsWith("open"))).toBe("open false");
});

test("a rollback, and a second upgrade days later: the day begins anew", async () => {
  cluster.put(kind, configuration("metahub", "/mutate/pods"));
  await keeperOf(cluster, clock).keeper.look(never);
  // The rollback takes our configuration away; the Secrets stay.
  cluster.objects.delete(`${kind}/metahub-webhook`);
  await clock.advance(3 * lifeMs);
  cluster.put(kind, configuration("metahub-webhook"));
  const { keeper } = keeperOf(cluster, clock, () => ["10.0.0.1: it answers 404"]);
  for (let look = 0; look < 3; look++) await keeper.look(never);
  expect([cluster.objects.has(`${kind}/metahub`), segments().includes("-")]).toEqual([true, true]);
});
