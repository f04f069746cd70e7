import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterCredentials } from "../../src/identity/cluster-credentials.ts";
import { findClusterAccess } from "../../src/kubernetes/access/find.ts";
import { KubernetesClient } from "../../src/kubernetes/client/client.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { requireLevel } from "../cluster/require.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const crd = (plural: string): string => new URL(`../../crds/metahub.dev_${plural}.yaml`, import.meta.url).pathname;
const found = await requireLevel({ level: "api", signal: new AbortController().signal, progress, tools: ["kubectl"] });

describeWith(found, "metahub credentials in a cluster", ({ cluster }) => {
  const metahub = metahubProgram();
  let client: KubernetesClient;
  let credentials: ClusterCredentials;
  let changed: () => void = () => undefined;
  const kubectl = async (args: readonly string[], input?: object): Promise<string> => {
    const given = input === undefined ? {} : { input: JSON.stringify(input) };
    const { stdout, stderr, code } = await cluster.kubectl(args, { signal: AbortSignal.timeout(60_000), ...given });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const run = (...args: readonly string[]) =>
    metahub(["credentials", ...args, "--namespace", "hpc", "--kubeconfig", cluster.kubeconfig]);
  const made = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(...args, "-o", "json");
    expect([code, stderr]).toEqual([0, ""]);
    const answer: { readonly secret: string; readonly name: string } = JSON.parse(stdout);
    return answer;
  };
  /** Until the registry's own view of the cluster fits. */
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      changed = () => fits() && resolve();
      changed();
    });

  beforeAll(async () => {
    for (const plural of ["machinecredentials", "machinetypes"]) {
      await kubectl(["apply", "--server-side", "-f", crd(plural)]);
      await kubectl(["wait", "--for=condition=Established", `crd/${plural}.metahub.dev`, "--timeout=30s"]);
    }
    await kubectl(["create", "namespace", "hpc"]);
    const access = await findClusterAccess({ kubeconfig: cluster.kubeconfig, context: undefined, environment: {} });
    client = new KubernetesClient({ access, userAgent: "test" });
    credentials = new ClusterCredentials({
      client,
      observe: () => undefined,
      onError: (error) => expect.unreachable(String(error)),
      onChange: () => changed(),
    });
    await credentials.synced;
  });
  afterAll(async () => {
    await credentials?.close();
    await client?.close();
    await cluster.stop();
  });

  test("create keeps the hash alone, and its login counts as soon as the registry sees it", async () => {
    const first = await made("create", "login", "--machine-type", "type1", "--username", "u", "--expires", "90d");
    expect(first).toMatchObject({ name: "hpc/login", username: "u" });
    expect(first).not.toHaveProperty("file");
    expect(await kubectl(["get", "machinecredential", "login", "-n", "hpc", "-o", "yaml"])).not.toContain(first.secret);
    await until(() => credentials.current.find("u", first.secret) !== undefined);
    const again = await run("create", "login", "--machine-type", "type1");
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("machinecredential/login in namespace hpc");
  });

  test("a machine type that is not there is told of where others are", async () => {
    await kubectl(["create", "-f", "-"], {
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name: "type1" },
      spec: { nodeSelector: { matchLabels: { pool: "a" } } },
    });
    const { code, stderr } = await run("create", "other", "--machine-type", "type2");
    expect([code, stderr]).toEqual([0, "metahub: there is no MachineType type2 in the cluster yet\n"]);
  });

  test("rotate makes a second one, and both count; revoke takes one back at once", async () => {
    const second = await made("rotate", "login", "--overlap", "7d");
    expect(second).toMatchObject({ name: "hpc/login-r2", former: "login" });
    await until(() => credentials.current.byId("hpc/login-r2") !== undefined);
    const former = credentials.current.byId("hpc/login");
    expect(Date.parse(former?.spec.expires ?? "") - Date.now()).toBeLessThanOrEqual(7 * 86_400_000);
    expect(await run("revoke", "login-r2")).toMatchObject({
      code: 0,
      stdout:
        "login-r2 is revoked (machinecredential/login-r2 in namespace hpc)\nthe same user name still has: hpc/login\n",
    });
    await until(() => credentials.current.byId("hpc/login-r2")?.spec.revoked !== undefined);
    expect((await run("rotate", "login-r2")).stderr).toContain("is revoked; create another one");
  });

  test("list shows them, also when each was used last", async () => {
    const status = JSON.stringify({ status: { lastUsed: "2026-11-29T18:00:00Z" } });
    const patch = [
      "patch",
      "machinecredential",
      "login",
      "-n",
      "hpc",
      "--subresource=status",
      "--type=merge",
      "-p",
      status,
    ];
    await kubectl(patch);
    const { code, stdout } = await run("list");
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual([
      "NAME",
      "hpc/login",
      "hpc/login-r2",
      "hpc/other",
      "",
    ]);
    expect(stdout).toMatch(/hpc\/login +u +type1 +\S+ +2026-11-29T18Z +active/);
    expect(JSON.parse((await run("list", "-o", "json")).stdout)).toMatchObject([
      { name: "hpc/login", lastUsed: "2026-11-29T18:00:00Z", state: "active" },
      { name: "hpc/login-r2", state: "revoked" },
      { name: "hpc/other", machineType: "type2" },
    ]);
  });

  test("no right, and a namespace that is not there, are told in one line", async () => {
    const none = ["create", "x", "--unfiltered", "--namespace", "nowhere", "--kubeconfig", cluster.kubeconfig];
    const { code, stderr } = await metahub(["credentials", ...none]);
    expect([code, stderr.trim().split("\n")]).toEqual([1, [expect.stringMatching(/namespaces "nowhere" not found/)]]);
  });
});
