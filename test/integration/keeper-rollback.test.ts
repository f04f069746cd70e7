import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { reachable, requireLevel } from "../cluster/require.ts";
import type { ServerProcess } from "../operator/server-process.ts";
import { chart, KeeperSite, kinds } from "../support/cluster/keeper-site.ts";
import { describeWith } from "../support/describe-with.ts";

const found = await reachable(
  await requireLevel({
    level: "api",
    signal: new AbortController().signal,
    progress: (line) => void process.stderr.write(`${line}\n`),
    tools: ["kubectl", "helm", "registry"],
  }),
);

/**
 * Helm itself upgrades from the layout of versions without a keeper, goes back to it, and upgrades once more, while Pods are
 * made all the time. Of the earlier version its objects are real; ours stands in for its program, and answers the path
 * without a segment, as a replica of either version does then.
 */
describeWith(found, "an upgrade from a version without a keeper", ({ cluster }) => {
  let site: KeeperSite;
  let folder: string;
  let keeper: ServerProcess | undefined;
  const authority = { text: "" };

  /** This chart, as it is where no node runs Pods: the Service is there, and nothing is deployed. */
  async function present(): Promise<string> {
    const copy = join(folder, "present");
    await cp(chart, copy, { recursive: true });
    for (const part of ["webhook", "controller", "keeper"]) await rm(join(copy, "templates", part, "deployment.yaml"));
    await rm(join(copy, "templates", "webhook", "service.yaml"));
    const file = join(copy, "templates", "webhook", "configuration.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replaceAll("port: 443", `port: ${site.port}`));
    return copy;
  }

  /** The configurations of earlier versions, as a chart: what its release holds of the API server's calls. */
  async function former(): Promise<string> {
    const copy = join(folder, "former");
    await mkdir(join(copy, "templates"), { recursive: true });
    await writeFile(join(copy, "Chart.yaml"), "apiVersion: v2\nname: metahub\nversion: 0.0.1\n");
    const objects = (await site.template("webhook.formerConfiguration=true")).filter(
      ({ kind, metadata }) => kind.endsWith("WebhookConfiguration") && metadata.name === "metahub",
    );
    expect(objects).toHaveLength(kinds.length);
    const text = objects.map((object) => stringify(object)).join("---\n");
    // What CEL quotes with braces is no template here.
    await writeFile(join(copy, "templates", "all.yaml"), `{{- ${"`"}${text}${"`"} -}}\n`);
    return copy;
  }

  const names = async (): Promise<readonly string[]> =>
    (await site.must(["get", kinds.join(","), "-o", "name"])).split("\n").map((line) => line.split("/")[1] ?? "");
  const upgrade = async (): Promise<void> => {
    await site.helm(["upgrade", "metahub", join(folder, "present"), "--reset-values"]);
    await site.declare();
    keeper = await site.startKeeper("--former-configuration", "metahub");
    const told = async () => (await site.paths()).every((path) => /^\/[0-9a-f]{64}\//.test(path));
    await expect.poll(told, { timeout: 30_000 }).toBe(true);
  };
  /** Both configurations of the earlier version call the path without a segment, under the first authority. */
  const expectFormer = async (): Promise<void> => {
    for (const kind of kinds)
      for (const { caBundle, service: called } of await site.configuration(kind, "metahub")) {
        expect(Buffer.from(caBundle ?? "", "base64").toString()).toContain(authority.text.trim());
        expect(called.path).toMatch(/^\/(mutate\/pods|validate\/bindings)$/);
      }
  };

  beforeAll(async () => {
    site = await KeeperSite.open(cluster);
    folder = join(cluster.dir, "charts");
    await mkdir(folder, { recursive: true });
    await Promise.all([present(), former()]);
    const { material, data } = await site.leaveCertificate();
    authority.text = material.authority.certificate;
    await site.helm(["install", "metahub", join(folder, "former")]);
    // As the webhook of that version did by itself.
    const bundle = [{ op: "add", path: "/webhooks/0/clientConfig/caBundle", value: data["ca.crt"] }];
    for (const kind of kinds) await site.must(["patch", kind, "metahub", "--type=json", "-p", JSON.stringify(bundle)]);
  }, 120_000);
  afterAll(() => site?.close());

  test("Helm sees by itself that the earlier configurations are there, and keeps them; the keeper tells the new ones a path", async () => {
    await upgrade();
    await site.startWebhook();
    await expect.poll(() => site.isRewritten(), { timeout: 30_000 }).toBe(true);
    expect([...new Set(await names())].sort()).toEqual(["metahub", "metahub-webhook"]);
    await expectFormer();
  }, 120_000);

  test("Helm goes back: the earlier configurations decide alone, and no Pod is missed", async () => {
    const { missed, asked } = await site.asking(async () => {
      await keeper?.stop();
      await site.helm(["rollback", "metahub", "1"]);
      expect(new Set(await names())).toEqual(new Set(["metahub"]));
      await expectFormer();
      for (let round = 0; round < 5; round += 1) expect(await site.isRewritten()).toBe(true);
    });
    expect([missed, asked > 5]).toEqual([0, true]);
  }, 120_000);

  test("and upgrades once more, with the keys and the authority that there were, and no Pod is missed", async () => {
    const before = await Promise.all(["keys", "authority"].map((name) => site.secret(name)));
    const { missed } = await site.asking(async () => {
      await upgrade();
      for (let round = 0; round < 5; round += 1) expect(await site.isRewritten()).toBe(true);
    });
    expect(missed).toBe(0);
    const after = await Promise.all(["keys", "authority"].map((name) => site.secret(name)));
    expect(after[0]?.["note-keys"]).toBe(before[0]?.["note-keys"]);
    expect(after[1]?.["ca.key"]).toBe(before[1]?.["ca.key"]);
    await expectFormer();
  }, 120_000);
});
