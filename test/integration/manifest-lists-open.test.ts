import { fileURLToPath } from "node:url";
import { loadAll } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openBindingSite, soon } from "../support/cluster/binding-site.ts";
import { imageOf } from "../support/cluster/pods.ts";
import { describeWith } from "../support/describe-with.ts";

// The chart makes its flags of `lists.*`; the webhook of this site gets them here.
const webhookArgs = ["--list-across-repositories=default", "--list-at-binding=default"];
const found = await openBindingSite({ values: { "lists.acrossAtBinding": "true" }, webhookArgs });
const chart = fileURLToPath(new URL("../../charts/metahub", import.meta.url));
const container = z.object({ args: z.array(z.string()).optional() });
const deployment = z.object({
  kind: z.literal("Deployment"),
  spec: z.object({ template: z.object({ spec: z.object({ containers: z.array(container) }) }) }),
});
const manual = { schedulerName: "nobody" };

/** The powers that an operator may give to the lists of a namespace, all given. */
describeWith(found, "manifest lists to which everything is open", (site) => {
  let elsewhere: ReadonlyMap<string, string>;
  const other = (cpu: string): string => `qnib/elsewhere@${elsewhere.get(cpu)}`;
  const apply = async (kind: string, name: string, more: object = {}): Promise<void> => {
    const manifests = ["broadwell", "skylake"].map((cpu) => ({ image: other(cpu), features: [`cpu:${cpu}`] }));
    const spec = { image: `qnib/wares:${name}`, manifests, ...more };
    const object = { apiVersion: "metahub.dev/v1alpha1", kind, metadata: { name }, spec };
    const { code, stderr } = await site.cluster.kubectl(["apply", "-f", "-"], {
      signal: soon(),
      input: JSON.stringify(object),
    });
    expect(code, stderr).toBe(0);
  };
  /** A Pod that may land on machines that need different builds, made once its list is known. */
  const open = async (name: string): Promise<void> => {
    let tries = 0;
    const listed = async () => {
      tries += 1;
      const made = await site.createPod(`${name}-${tries}`, { image: `qnib/wares:${name}`, spec: manual });
      return site.note(made)?.list?.split(" ")[0]?.split("/")[1];
    };
    await expect.poll(listed, { timeout: 30_000 }).toBe(name);
    await site.bind(await site.pod(`${name}-${tries}`), "node1");
    const bound = await site.pod(`${name}-${tries}`);
    expect([imageOf(bound), site.note(bound)?.node]).toEqual([other("broadwell"), "node1"]);
  };

  beforeAll(async () => {
    elsewhere = await site.publish("qnib/elsewhere", { broadwell: [], skylake: [] });
  });
  afterAll(() => site.stop());

  test("by the flags that the chart makes of its values", async () => {
    const values = ["acrossRepositories", "atBinding"].flatMap((name) => ["--set", `lists.${name}={default,other}`]);
    const { code, stdout, stderr } = await site.cluster.helm(
      ["template", "metahub", chart, "--kube-version", "1.37.2", ...values],
      {
        signal: soon(),
      },
    );
    expect(code, stderr).toBe(0);
    const flags = loadAll(stdout)
      .flatMap((object) => deployment.safeParse(object).data?.spec.template.spec.containers ?? [])
      .flatMap(({ args = [] }) => args.filter((arg) => arg.startsWith("--list-")));
    expect(flags.toSorted()).toEqual(webhookArgs.flatMap((flag) => [flag, flag.replace("default", "other")]));
  });

  test("a tenant's decides at binding, for a build of another repository", async () => {
    await apply("ManifestList", "tenants");
    await open("tenants");
  });

  test("an operator's does where it says so itself", async () => {
    await apply("ClusterManifestList", "operators", { atBinding: true });
    await open("operators");
  });
});
