import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reachable, requireLevel } from "../cluster/require.ts";
import { KeeperSite, kinds, list, type Manifest, namespace } from "../support/cluster/keeper-site.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);

const found = await reachable(
  await requireLevel({
    level: "api",
    signal: new AbortController().signal,
    progress,
    tools: ["kubectl", "helm", "registry"],
  }),
);

describeWith(found, "the keeper", ({ cluster }) => {
  let site: KeeperSite;
  let manifests: readonly Manifest[] = [];
  const must = (args: readonly string[], input?: object) => site.must(args, input);
  const isRewritten = () => site.isRewritten();

  beforeAll(async () => {
    site = await KeeperSite.open(cluster);
    manifests = await site.template();
    await must(["apply", "-f", "-"], list(manifests));
    await site.declare();
  }, 120_000);
  afterAll(() => site?.close());

  test("an installation without a path and an authority is given both, and Pods are rewritten", async () => {
    expect(await site.paths()).toEqual(["", ""]);
    const [keeper] = await Promise.all([site.startKeeper(), site.startWebhook()]);
    expect(await keeper.metric("metahub_keeper_writes_total", 'what="keys"', soon())).toBe(1);
    await expect.poll(isRewritten, { timeout: 20_000 }).toBe(true);
    const [mutating = "", validating = ""] = await site.paths();
    expect(mutating).toMatch(/^\/[0-9a-f]{64}\/mutate\/pods$/);
    expect(validating).toBe(mutating.replace("/mutate/pods", "/validate/bindings"));
  });

  test.each([
    ["applied again", ["apply", "-f", "-"]],
    ["applied by the server", ["apply", "--server-side", "--force-conflicts", "--field-manager=gitops", "-f", "-"]],
    ["applied by the server once more", ["apply", "--server-side", "--field-manager=gitops", "-f", "-"]],
  ])("the chart %s takes neither path nor authority away, and no Pod is missed", async (_name, args) => {
    const before = await Promise.all(kinds.map((kind) => site.configuration(kind)));
    const { missed } = await site.asking(async () => void (await must(args, list(manifests))));
    expect(missed).toBe(0);
    expect(await Promise.all(kinds.map((kind) => site.configuration(kind)))).toEqual(before);
  });

  test("somebody takes path and authority away: they are back within seconds", async () => {
    const [before] = await site.paths();
    await must(["replace", "-f", "-"], list(manifests.filter(({ kind }) => kind.endsWith("WebhookConfiguration"))));
    await expect.poll(isRewritten, { timeout: 10_000 }).toBe(true);
    expect((await site.paths())[0]).toBe(before);
  });

  test.each([
    ["the Secret of the keys is deleted", ["delete", "secret", "metahub-webhook-keys"], true],
    [
      "the keys are overwritten",
      ["patch", "secret", "metahub-webhook-keys", "-p", '{"data":{"paths":"eA==","note-keys":"eA=="}}'],
      true,
    ],
    ["the authority is deleted", ["delete", "secret", "metahub-webhook-authority"], false],
    [
      "the authority is overwritten",
      ["patch", "secret", "metahub-webhook-authority", "-p", '{"data":{"ca.key":"eA=="}}'],
      false,
    ],
    ["the certificate is deleted", ["delete", "secret", "metahub-webhook-tls"], false],
    [
      "the certificate is overwritten",
      ["patch", "secret", "metahub-webhook-tls", "-p", '{"data":{"tls.crt":"eA=="}}'],
      false,
    ],
  ])(
    "%s: all is made anew within seconds, and no Pod is missed",
    async (_name, args, isPath) => {
      const [before = ""] = await site.paths();
      const held = await Promise.all(["keys", "authority", "tls"].map((name) => site.secret(name)));
      const mended = async (): Promise<boolean> => {
        const { code } = await site.kubectl([
          "get",
          "secret",
          "metahub-webhook-keys",
          "metahub-webhook-authority",
          "-n",
          namespace,
        ]);
        if (code !== 0) return false;
        const [keys, authority, tls] = await Promise.all(["keys", "authority", "tls"].map((name) => site.secret(name)));
        const isNew = JSON.stringify([keys, authority, tls]) !== JSON.stringify(held);
        const [path = ""] = await site.paths();
        const leaf = tls?.["tls.crt"]?.startsWith("-----BEGIN") ? new X509Certificate(tls["tls.crt"]) : undefined;
        const authorities = authority?.["ca.crt"]?.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
        const signed = authorities.some((one) => leaf?.verify(new X509Certificate(one).publicKey) === true);
        const told =
          (await site.configuration(kinds[0]))[0]?.caBundle ===
          Buffer.from(authority?.["ca.crt"] ?? "").toString("base64");
        return (
          isNew &&
          signed &&
          told &&
          (keys?.["paths"] ?? "").includes(path.split("/")[1] ?? "-") &&
          (path !== before) === isPath
        );
      };
      const { missed, asked } = await site.asking(async () => {
        await must([...args, "-n", namespace]);
        await expect.poll(mended, { timeout: 30_000 }).toBe(true);
      });
      expect(asked).toBeGreaterThan(0);
      expect(missed).toBe(0);
    },
    60_000,
  );

  test("a path has a short life: the API server is told another one again and again, and no Pod is missed", async () => {
    // As long as an API server on a busy machine may take to hear of a path.
    const keeper = await site.startKeeper("--path-life", "4000");
    const renewals = (): Promise<number> =>
      keeper.metric("metahub_keeper_writes_total", 'what="path-in-configuration"', soon());
    const { missed, asked } = await site.asking(async () => {
      await expect.poll(renewals, { timeout: 50_000 }).toBeGreaterThanOrEqual(6);
    });
    await keeper.stop();
    expect(asked).toBeGreaterThan(0);
    expect(missed).toBe(0);
    expect((await site.secret("keys"))["paths"]?.trim().split("\n").length).toBeLessThanOrEqual(4);
  }, 90_000);

  test("the keeper is killed: Pods are rewritten as before, and another one goes on with what there is", async () => {
    const [keeper] = site.servers;
    const before = await site.paths();
    const { missed } = await site.asking(async () => {
      await keeper?.kill();
      for (let round = 0; round < 5; round++) expect(await isRewritten()).toBe(true);
      await keeper?.restart(soon());
    });
    expect(missed).toBe(0);
    expect(await site.paths()).toEqual(before);
  });

  test("nothing that is secret is logged", async () => {
    const { paths: segments = "", "note-keys": noteKeys = "" } = await site.secret("keys");
    const secrets = `${segments} ${noteKeys}`.split(/\s+/).filter((word) => word.length >= 32);
    expect(secrets.length).toBeGreaterThanOrEqual(2);
    const text = await site.logs();
    expect(text).toContain('"message":"ready: all is kept"');
    expect(secrets.filter((word) => text.includes(word))).toEqual([]);
    expect(text).not.toMatch(/PRIVATE KEY|\/mutate\/pods/);
  });

  test("an upgrade from a version without paths: the old configurations go on for a path's life, and no Pod is missed", async () => {
    await Promise.all(site.servers.splice(0).map((server) => server.stop()));
    await must(["delete", ...[kinds.join(",")], "metahub-webhook"]);
    const names = ["authority", "tls", "keys"].map((name) => `metahub-webhook-${name}`);
    await must(["delete", "secret", ...names, "-n", namespace]);
    // As the version before left it: one Secret, with the authority's key in it, and configurations of another name.
    const { material, data } = await site.leaveCertificate();
    const former = (await site.template("webhook.formerConfiguration=true")).filter(({ kind }) =>
      kind.endsWith("WebhookConfiguration"),
    );
    const bundle = [{ op: "add", path: "/webhooks/0/clientConfig/caBundle", value: data["ca.crt"] }];
    await must(["create", "-f", "-"], list(former.filter(({ metadata: { name } }) => name === "metahub")));
    for (const kind of kinds) await must(["patch", kind, "metahub", "--type=json", "-p", JSON.stringify(bundle)]);
    await must(["apply", "-f", "-"], list(former));
    // A replica of the version before answers a path without a segment; ours does where the keeper says so.
    const keeper = await site.startKeeper("--former-configuration", "metahub", "--path-life", "20000");
    await site.startWebhook();
    await expect.poll(isRewritten, { timeout: 20_000 }).toBe(true);
    expect((await site.secret("tls"))["tls.crt"]).toBe(material.serving.certificate);
    expect((await site.secret("authority"))["ca.key"]).toBe(material.authority.key);
    expect((await site.secret("tls"))["ca.key"]).toBeUndefined();
    const { missed, asked } = await site.asking(async () => {
      const gone = async (): Promise<string> =>
        (await site.kubectl(["get", kinds.join(","), "metahub", "-o", "name"])).stdout;
      await expect.poll(gone, { timeout: 60_000 }).toBe("");
    });
    expect(asked).toBeGreaterThan(3);
    expect(missed).toBe(0);
    const dropped = async (): Promise<boolean> => / -$/m.test((await site.secret("keys"))["paths"] ?? "");
    await expect.poll(dropped, { timeout: 60_000 }).toBe(false);
    expect(await isRewritten()).toBe(true);
    expect(await keeper.metric("metahub_keeper_looks_total", 'outcome="failed"', soon())).toBe(0);
  }, 240_000);
});
