import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { putIndex, putManifest } from "../../../test/support/registry/content.ts";
import { registryFixture } from "../../../test/support/registry/fixture.ts";
import type { Pod } from "../../api/pod.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { parseReference } from "../../oci/reference.ts";
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
      credentials: await ownCredentials(registries, {}),
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
