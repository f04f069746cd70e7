import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { list } from "../../../test/support/lists.ts";
import { putIndex, putManifest } from "../../../test/support/registry/content.ts";
import { registryFixture } from "../../../test/support/registry/fixture.ts";
import type { Pod } from "../../api/pod.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { ListBook } from "../../lists/book.ts";
import { ListedImages } from "../../lists/listed-images.ts";
import { noPowers } from "../../lists/power.ts";
import { parseReference } from "../../oci/reference.ts";
import type { Image } from "../../registry/images.ts";
import { decisionContexts } from "./decisions.ts";
import { ownCredentials } from "./registries.ts";

const fixture = registryFixture();
const nothing: Inventory = {
  snapshot: () => undefined,
  synced: Promise.resolve(),
  onChange: () => () => undefined,
  close: async () => undefined,
};
const pod: Pod = { metadata: {}, spec: { containers: [] } };

async function dockerConfig(host: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "metahub-docker-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "config.json");
  const auth = Buffer.from("ann:a").toString("base64");
  await writeFile(path, JSON.stringify({ auths: { [host]: { auth } } }));
  return path;
}

test("the builds of a manifest list are asked for as its asker may, at admission, at binding and for its status", async () => {
  const running = await fixture.registry({ auth: { scheme: "basic", users: { ann: "a" } } });
  const build = await putManifest(running.store, "team/app", "fast", "x");
  const repository = `${running.host}/team/app`;
  const one = list("bench", {
    image: repository,
    manifests: [{ image: `${repository}:fast`, platform: { architecture: "amd64" } }],
  });
  const book = new ListBook([one]);
  const registries = {
    allowed: ["*"],
    plainHttp: ["*"],
    privateRedirects: [],
    mirrors: [],
    dockerConfigFile: await dockerConfig(running.host),
    dockerConfigNamespaces: ["platform"],
  };
  const contexts = decisionContexts({
    inventory: nothing,
    lists: new ListedImages({ book: () => book, powers: noPowers }),
    registry: fixture.client(),
    allowedRegistries: registries.allowed,
    pullSecrets: undefined,
    credentials: await ownCredentials(registries, { env: {}, log: pino({ level: "silent" }) }),
    imageForm: "digest",
    atBinding: true,
    noteKeys: () => [],
  });
  const asked = parseReference(`${repository}:v1`);
  const { signal } = new AbortController();
  const digests = (image: Image | undefined) =>
    image?.kind === "index" ? image.variants.map(({ digest }) => digest) : [];
  const shownTo = async (namespace: string) => [
    digests(await contexts.admission.lookup(asked, pod, namespace, signal)),
    digests(await contexts.binding.listed?.(one.identity, asked, pod, namespace, signal)),
  ];
  expect(await shownTo("platform")).toEqual([[build.digest], [build.digest]]);
  expect(await shownTo("stranger")).toEqual([[], []]);
  const [entry] = one.entries;
  const forStatus = async (namespace: string | undefined) =>
    entry && digests(await contexts.entries(namespace)(entry.image, entry.platform, signal));
  expect([await forStatus("platform"), await forStatus(undefined)]).toEqual([[build.digest], [build.digest]]);
  await expect(forStatus("stranger")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  // Without a note no list is asked at binding.
  await expect(contexts.binding.lookup(asked, pod, "platform", signal)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("the program's own credentials serve the namespaces that they are for, and what they showed is told to no other", async () => {
  const running = await fixture.registry({ auth: { scheme: "basic", users: { ann: "a" } } });
  const build = await putManifest(running.store, "team/app", undefined, "x");
  const index = await putIndex(running.store, "team/app", "v1", [
    { ...build, platform: { os: "linux", architecture: "amd64" } },
  ]);
  const reference = parseReference(`${running.host}/team/app:v1`);
  const { signal } = new AbortController();
  const shownTo = async (namespaces: readonly string[], namespace: string): Promise<unknown> => {
    const registries = {
      allowed: ["*"],
      plainHttp: ["*"],
      privateRedirects: [],
      mirrors: [],
      dockerConfigFile: await dockerConfig(running.host),
      dockerConfigNamespaces: namespaces,
    };
    const { admission: context } = decisionContexts({
      inventory: nothing,
      registry: fixture.client(),
      allowedRegistries: registries.allowed,
      pullSecrets: undefined,
      credentials: await ownCredentials(registries, { env: {}, log: pino({ level: "silent" }) }),
      imageForm: "digest",
      atBinding: true,
      noteKeys: () => [],
    });
    await context.lookup(reference, pod, "platform", signal);
    await context.lookup(reference, pod, namespace, signal).catch((error: unknown) => error);
    return context.remembered(reference, index.digest, pod, namespace)?.descriptor.digest;
  };
  expect(await shownTo([], "stranger")).toBe(index.digest);
  expect(await shownTo(["platform"], "platform")).toBe(index.digest);
  expect(await shownTo(["platform"], "stranger")).toBeUndefined();
});
