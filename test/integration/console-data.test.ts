import { afterAll, beforeAll, expect, test } from "vitest";
import { metahubApiVersion } from "../../src/api/machine-type.ts";
import type { Change } from "../../src/console/contract/views.ts";
import { openClusterData } from "../../src/console/data/cluster/cluster.ts";
import type { ConsoleData, SignedInBackend } from "../../src/console/data/data.ts";
import { ConsoleError } from "../../src/console/error.ts";
import type { ClusterAccess } from "../../src/kubernetes/access/access.ts";
import { findClusterAccess } from "../../src/kubernetes/access/find.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { requireLevel } from "../cluster/require.ts";
import { describeWith } from "../support/describe-with.ts";
import { ManualClock } from "../support/manual-clock.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const crd = (plural: string): string => new URL(`../../crds/metahub.dev_${plural}.yaml`, import.meta.url).pathname;
const found = await requireLevel({ level: "api", signal: new AbortController().signal, progress, tools: ["kubectl"] });
const plurals = ["machinetypes", "machinecredentials", "manifestlists", "clustermanifestlists"];

const role = (name: string, rules: readonly object[]) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  rules,
});
/** Each look may start a kubectl, on machines that may be busy. */
const patient = { timeout: 20_000 };
const see = ["get", "list", "watch"];
const change = [...see, "create", "update", "patch", "delete"];

/** Rejects with the problem that a person would be shown. */
async function problemOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConsoleError)) throw error ?? new Error("it was not refused");
  return error.problem;
}

describeWith(found, "the console's view of a cluster", ({ cluster }) => {
  let access: ClusterAccess;
  let data: ConsoleData;
  let registries: RegistryClient;
  let view: SignedInBackend;
  let edit: SignedInBackend;
  let nobody: SignedInBackend;
  const signal = AbortSignal.timeout(600_000);
  const kubectl = async (args: readonly string[], input?: object): Promise<string> => {
    const given = input === undefined ? {} : { input: JSON.stringify(input) };
    const { stdout, stderr, code } = await cluster.kubectl(args, { signal: AbortSignal.timeout(60_000), ...given });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const bind = (name: string, ...accounts: readonly string[]) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: accounts.map((account) => ({ kind: "ServiceAccount", name: account, namespace: "people" })),
  });
  const options = () => ({
    address: access,
    credentialsNamespace: "hpc",
    registries,
    registry: "hub.example.com",
    onError: () => undefined,
  });
  const signIn = async (name: string, place = data): Promise<SignedInBackend> => {
    const token = await kubectl(["create", "token", name, "-n", "people"]);
    return place.backendFor({ kind: "token", name: `system:serviceaccount:people:${name}`, groups: [], token });
  };
  const typeOf = (name: string, pool: string, more: object = {}) => ({
    name,
    spec: { nodeSelector: { matchLabels: { pool } }, ...more },
  });

  beforeAll(async () => {
    for (const plural of plurals) {
      await kubectl(["apply", "--server-side", "-f", crd(plural)]);
      await kubectl(["wait", "--for=condition=Established", `crd/${plural}.metahub.dev`, "--timeout=30s"]);
    }
    for (const namespace of ["people", "hpc", "apps"]) await kubectl(["create", "namespace", namespace]);
    const accounts = ["viewer", "viewer2", "editor", "nobody"].map((name) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: "people" },
    }));
    const rule = (verbs: readonly string[]) => ({ apiGroups: ["metahub.dev"], resources: plurals, verbs });
    const core = { apiGroups: [""], resources: ["nodes", "pods", "namespaces"], verbs: see };
    const items = [
      ...accounts,
      role("console-view", [rule(see), core]),
      role("console-edit", [rule(change), core]),
      bind("console-view", "viewer", "viewer2"),
      bind("console-edit", "editor"),
    ];
    await kubectl(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
    for (const [name, pool] of [
      ["n1", "icelake"],
      ["n2", "icelake"],
      ["n3", "zen"],
    ] as const) {
      await cluster.createNode(
        { name, labels: { pool, "archspec.io/cpu.target": pool === "zen" ? "zen3" : "icelake" } },
        signal,
      );
    }
    access = await findClusterAccess({ kubeconfig: cluster.kubeconfig, context: undefined, environment: {} });
    registries = new RegistryClient({ plainHttp: () => false, allowedRegistries: () => false });
    data = openClusterData(options());
    [view, edit, nobody] = await Promise.all([signIn("viewer"), signIn("editor"), signIn("nobody")]);
  }, 180_000);
  afterAll(async () => {
    await data?.close();
    await registries?.close();
    await cluster.stop();
  });

  test("rights are the person's own, and so is what is missing", async () => {
    expect(await view.may(signal)).toMatchObject({ machineTypes: ["list", "watch"], nodes: ["list", "watch"] });
    expect(await edit.may(signal)).toMatchObject({
      machineTypes: ["list", "watch", "create", "update", "delete"],
      credentials: { namespace: "hpc", verbs: ["list", "watch", "create", "update", "delete"] },
    });
    expect(await nobody.may(signal)).toEqual({
      machineTypes: [],
      manifestLists: [],
      nodes: [],
      pods: [],
      credentials: { namespace: "hpc", verbs: [] },
    });
    expect(await problemOf(nobody.machineTypes(signal))).toMatchObject({
      status: 403,
      missing: "list machinetypes.metahub.dev",
      detail: expect.stringContaining("You may not see machine types."),
    });
    expect(await problemOf(nobody.nodes({ limit: 10 }, signal))).toMatchObject({ status: 403, missing: "list nodes" });
    expect(await problemOf(nobody.credentials("type1", signal))).toMatchObject({
      status: 403,
      missing: "list machinecredentials.metahub.dev",
      detail: expect.stringContaining("in namespace hpc"),
    });
    expect(await problemOf(view.createMachineType(typeOf("type9", "zen"), signal))).toMatchObject({
      status: 403,
      missing: "create machinetypes.metahub.dev",
    });
  });

  test("a machine type is made, seen by others, changed and deleted", async () => {
    const made = await edit.createMachineType(typeOf("type1", "icelake", { features: ["cpu:icelake"] }), signal);
    expect(made).toMatchObject({ name: "type1", nodes: 2, platform: expect.stringContaining("linux/") });
    const { items } = await view.machineTypes(signal);
    expect(items).toMatchObject([{ name: "type1", nodes: 2, credentials: 0 }]);
    await kubectl(["label", "machinetype/type1", "team=hpc"]);
    const read = await edit.machineType("type1", signal);
    const draft = { name: "type1", resourceVersion: read.resourceVersion ?? "", spec: { ...read.spec, priority: 5 } };
    const changed = await edit.replaceMachineType(draft, signal);
    expect(changed.spec).toMatchObject({ priority: 5 });
    // What a person does not write stays.
    expect(changed.yaml).toContain("team: hpc");
    const lost = await problemOf(edit.replaceMachineType({ ...draft, spec: { ...read.spec, priority: 6 } }, signal));
    expect(lost).toMatchObject({ status: 409, current: { name: "type1", spec: { priority: 5 } } });
    expect(await problemOf(edit.createMachineType(typeOf("type1", "zen"), signal))).toMatchObject({
      status: 409,
      current: { name: "type1", spec: { priority: 5 } },
    });
    expect(
      await problemOf(view.replaceMachineType({ ...draft, resourceVersion: changed.resourceVersion ?? "" }, signal)),
    ).toMatchObject({
      status: 403,
      missing: "update machinetypes.metahub.dev",
    });
    expect(await problemOf(view.deleteMachineType("type1", undefined, signal))).toMatchObject({
      status: 403,
      missing: "delete machinetypes.metahub.dev",
    });
    expect(await problemOf(edit.deleteMachineType("type1", read.resourceVersion, signal))).toMatchObject({
      status: 409,
    });
    await edit.deleteMachineType("type1", changed.resourceVersion, signal);
    expect((await view.machineTypes(signal)).items).toEqual([]);
    expect(await problemOf(edit.machineType("type1", signal))).toMatchObject({ status: 404 });
  });

  test("the API server's refusals stand at their fields, and a dry run stores nothing", async () => {
    const wrong = {
      name: "type2",
      spec: { nodeSelector: { matchLabels: { pool: "zen" } }, features: ["cpu zen"], stray: 1 },
    };
    const refused = await problemOf(
      edit.createMachineType({ ...wrong, spec: { ...wrong.spec, stray: undefined } }, signal),
    );
    expect(refused).toMatchObject({ status: 422, fields: [{ path: "spec.features[0]", message: expect.any(String) }] });
    const stray = await problemOf(edit.createMachineType({ ...typeOf("type2", "zen", { stray: 1 }) }, signal));
    expect(stray).toMatchObject({ status: 422, fields: [{ path: "spec.stray", message: "there is no such field" }] });
    const named = await problemOf(edit.createMachineType(typeOf("Type 2", "zen"), signal));
    expect(named).toMatchObject({ status: 422, fields: [{ path: "name" }] });
    const preview = await edit.preview(typeOf("type2", "zen"), false, signal);
    expect(preview).toMatchObject({
      nodes: 1,
      names: ["n3"],
      refused: [],
      moved: [{ from: null, to: "type2", nodes: 1 }],
    });
    const bad = await edit.preview(typeOf("type2", "zen", { features: ["cpu zen"] }), false, signal);
    expect(bad.refused).toMatchObject([{ path: "spec.features[0]" }]);
    const hint = await view.preview(typeOf("type2", "zen"), false, signal);
    expect(hint).toMatchObject({
      nodes: 1,
      refused: [],
      warnings: [expect.stringContaining("You may not add machine types")],
    });
    expect(await kubectl(["get", "machinetypes", "-o", "name"])).toBe("");
  });

  test("credentials: the secret once, another's machine type not, and a viewer makes none", async () => {
    await edit.createMachineType(typeOf("type3", "zen"), signal);
    expect(await problemOf(edit.createCredential("absent", { name: "absent" }, signal))).toMatchObject({ status: 404 });
    const made = await edit.createCredential("type3", { name: "login" }, signal);
    expect(made).toMatchObject({ credential: { id: "login", username: "type3", state: "active" } });
    expect(made.lines.map(({ client }) => client)).toEqual(["docker", "podman", "apptainer", "containerd", "kubelet"]);
    expect(made.lines[0]?.text).toBe("docker login --username type3 hub.example.com");
    expect(JSON.stringify(await view.credentials("type3", signal))).not.toContain(made.secret);
    expect(await problemOf(view.createCredential("type3", { name: "mine" }, signal))).toMatchObject({
      status: 403,
      missing: "create machinecredentials.metahub.dev",
    });
    expect(await problemOf(edit.revokeCredential("type4", "login", signal))).toMatchObject({ status: 404 });
    const rotated = await edit.rotateCredential("type3", "login", { overlapSeconds: 60 }, signal);
    expect(rotated).toMatchObject({ credential: { id: "login-r2" }, formerEnds: expect.stringMatching(/Z$/) });
    expect(await edit.revokeCredential("type3", "login-r2", signal)).toMatchObject({ state: "revoked" });
    await expect.poll(async () => (await view.machineType("type3", signal)).credentials, patient).toBe(1);
    const wrong = { name: "late", repositories: ["UPPER"] };
    expect(await problemOf(edit.createCredential("type3", wrong, signal))).toMatchObject({
      status: 422,
      fields: [{ path: "repositories[0]" }],
    });
  });

  test("nodes are paged and filtered here, with where each feature comes from", async () => {
    const first = await view.nodes({ limit: 2 }, signal);
    expect(first).toMatchObject({ total: 3, next: "n2", items: [{ name: "n1" }, { name: "n2" }] });
    const rest = await view.nodes({ limit: 2, after: first.next ?? "" }, signal);
    expect(rest.items).toMatchObject([{ name: "n3", machineType: "type3" }]);
    expect(rest.next).toBeUndefined();
    expect(rest.items[0]?.features).toContainEqual({ feature: "cpu:zen3", from: "archspec.io/cpu.target=zen3" });
    expect((await view.nodes({ limit: 9, search: "ICELAKE" }, signal)).items.map(({ name }) => name)).toEqual([
      "n1",
      "n2",
    ]);
  });

  test("changes are told by kind and name", async () => {
    const told: Change[] = [];
    const end = new AbortController();
    const listening = view.changes((one) => told.push(one), end.signal);
    await view.machineTypes(signal);
    await expect
      .poll(async () => {
        await kubectl(["label", "node/n1", `round=${told.length}-${Date.now()}`, "--overwrite"]);
        return told;
      }, patient)
      .toContainEqual({ event: "changed", kind: "nodes", names: ["n1"] });
    end.abort();
    await listening;
    expect(JSON.stringify(told)).not.toContain("round");
  });

  test("selections: a build that its node runs no more is stale, an open one is missed", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const hostile = "<img src=x onerror=alert(1)>";
    const pod = (name: string, note: object | undefined, labels: object = {}) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace: "apps",
        labels,
        ...(note === undefined ? {} : { annotations: { "metahub.dev/selection": JSON.stringify({ app: note }) } }),
      },
      spec: {
        nodeName: "n3",
        containers: [{ name: "app", image: note === undefined ? "qnib/bench" : `qnib/bench@${digest}` }],
      },
    });
    const at = "2026-05-01T10:00:00Z";
    const chosen = {
      asked: "qnib/bench",
      code: "selected",
      reason: hostile,
      machineType: "type3",
      node: "n3",
      at,
      variant: digest,
    };
    const items = [
      pod("best", { ...chosen, requires: "cpu:zen2" }),
      pod("stale", { ...chosen, requires: "cpu:zen4" }),
      pod("open", { asked: "qnib/bench", code: "at-binding", reason: "later", at }),
      pod("left", { asked: "qnib/bench", code: "nothing-fits", reason: "none", at }),
      pod("opted-in", undefined, { "metahub.dev/rewrite": "enabled" }),
      pod("nothing", undefined),
    ];
    await kubectl(["create", "serviceaccount", "default", "-n", "apps"]).catch(() => undefined);
    await kubectl(["create", "-f", "-"], { apiVersion: "v1", kind: "List", items });
    const states = async () =>
      (await view.selections({ limit: 50, namespace: "apps" }, signal)).items.map(({ pod: name, state }) => [
        name,
        state,
      ]);
    await expect.poll(states, patient).toEqual([
      ["best", "best"],
      ["left", "left"],
      ["open", "missed"],
      ["opted-in", "missed"],
      ["stale", "stale"],
    ]);
    const { items: stale } = await view.selections({ limit: 50, state: "stale" }, signal);
    expect(stale).toMatchObject([
      { asked: "qnib/bench", build: digest, node: "n3", machineType: "type3", at, reason: hostile },
    ]);
    // The node's labels change, and the build is for it again: whoever looks is told, and need not ask by themselves.
    const told: Change[] = [];
    const end = new AbortController();
    const listening = view.changes((one) => told.push(one), end.signal);
    const changed = (kind: string) => ({ event: "changed", kind, names: [] });
    await kubectl(["label", "node/n3", "archspec.io/cpu.target=zen4", "--overwrite"]);
    await expect.poll(() => told, patient).toContainEqual(changed("selections"));
    await expect.poll(() => told, patient).toContainEqual(changed("matrix"));
    expect(await states()).toContainEqual(["stale", "best"]);
    told.splice(0);
    await kubectl(["label", "namespace/apps", "metahub.dev/rewrite=enabled"]);
    await expect.poll(() => told, patient).toEqual([changed("selections")]);
    expect(await states()).toContainEqual(["nothing", "missed"]);
    end.abort();
    await listening;
    const deletion = await view.preview({ name: "type3", spec: {} }, true, signal);
    expect(deletion).toMatchObject({ pods: 2, credentials: 1, moved: [{ from: "type3", to: null, nodes: 1 }] });
    expect(await problemOf(nobody.selections({ limit: 5 }, signal))).toMatchObject({
      status: 403,
      missing: "list pods",
    });
  });

  test("manifest lists with their entries, errors and conditions", async () => {
    await kubectl(["create", "-f", "-"], {
      apiVersion: metahubApiVersion,
      kind: "ManifestList",
      metadata: { name: "bench", namespace: "apps" },
      spec: { image: "qnib/bench:1", manifests: [{ image: "qnib/bench:zen", features: ["cpu:zen2"] }] },
    });
    await expect
      .poll(async () => (await view.manifestLists({ limit: 5 }, signal)).items, patient)
      .toMatchObject([
        { namespace: "apps", name: "bench", image: "qnib/bench:1", entries: [{ requires: [["cpu:zen2"]] }] },
      ]);
    expect(await problemOf(nobody.manifestLists({ limit: 5 }, signal))).toMatchObject({ status: 403 });
  });

  /** Watches of a resource that the API server has open; its own controllers hold some. */
  const watchesOf = async (resource: string): Promise<number> => {
    const metrics = await kubectl(["get", "--raw", "/metrics"]);
    const lines = metrics.split("\n").filter((line) => line.startsWith("apiserver_longrunning_requests{"));
    const own = lines.filter((line) => line.includes(`resource="${resource}"`) && line.includes('verb="WATCH"'));
    return own.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  };
  const list = (name: string) => ({
    apiVersion: metahubApiVersion,
    kind: "ClusterManifestList",
    metadata: { name },
    spec: { image: `qnib/${name}`, manifests: [{ image: `qnib/${name}:zen` }] },
  });

  test("people who may watch the same share a watch, which outlives its opener and ends with the last of them", async () => {
    await kubectl(["apply", "-f", "-"], bind("console-view", "viewer", "viewer2"));
    const clock = new ManualClock();
    const own = openClusterData({ ...options(), clock });
    const [first, second] = await Promise.all([signIn("viewer", own), signIn("viewer2", own)]);
    const resource = "clustermanifestlists";
    const page = { limit: 5 };
    const before = await watchesOf(resource);
    await first.manifestLists(page, signal);
    await expect.poll(() => watchesOf(resource), patient).toBe(before + 1);
    const [toFirst, toSecond]: [Change[], Change[]] = [[], []];
    const end = new AbortController();
    const listening = [
      first.changes((one) => toFirst.push(one), end.signal),
      second.changes((one) => toSecond.push(one), end.signal),
    ];
    await second.manifestLists(page, signal);
    await expect.poll(() => watchesOf(resource), patient).toBe(before + 1);

    // The one whose token it was signs out.
    await first.close();
    await listening[0];
    expect(await problemOf(first.manifestLists(page, signal))).toMatchObject({ status: 401 });
    const names = async () => (await second.manifestLists(page, signal)).items.map(({ name }) => name);
    await kubectl(["create", "-f", "-"], list("after-sign-out"));
    await expect.poll(names, patient).toContain("after-sign-out");
    await clock.advance(1_000);
    await expect
      .poll(async () => {
        await clock.advance(200);
        return toSecond;
      }, patient)
      .toContainEqual({ event: "changed", kind: "manifest-lists", names: ["after-sign-out"] });
    expect(toFirst).not.toContainEqual(expect.objectContaining({ event: "changed" }));
    expect(toSecond).not.toContainEqual(expect.objectContaining({ event: "lost" }));
    await expect.poll(() => watchesOf(resource), patient).toBe(before + 1);

    end.abort();
    await Promise.all(listening);
    await second.close();
    await expect.poll(() => watchesOf(resource), patient).toBe(before);
    await own.close();
  });

  test("who loses a right is told nothing more within a minute, and the others go on", async () => {
    const clock = new ManualClock();
    const own = openClusterData({ ...options(), clock });
    const [first, second] = await Promise.all([signIn("viewer", own), signIn("viewer2", own)]);
    const [toFirst, toSecond]: [Change[], Change[]] = [[], []];
    const end = new AbortController();
    // The first one opens the watches.
    await first.nodes({ limit: 1 }, signal);
    const listening = [
      first.changes((one) => toFirst.push(one), end.signal),
      second.changes((one) => toSecond.push(one), end.signal),
    ];
    await second.nodes({ limit: 1 }, signal);
    await second.machineTypes(signal);
    await kubectl(["apply", "-f", "-"], bind("console-view", "viewer2"));
    const account = "--as=system:serviceaccount:people:viewer";
    const mayWatch = async () =>
      (await cluster.kubectl(["auth", "can-i", "watch", "nodes", account], { signal })).stdout.trim();
    await expect.poll(mayWatch, patient).toBe("no");
    await clock.advance(60_000);
    // Of every kind: the page asks again, and is refused.
    const kinds = () => toFirst.flatMap((one) => (one.event === "changed" && one.names.length === 0 ? [one.kind] : []));
    await expect
      .poll(() => [...new Set(kinds())].sort(), patient)
      .toEqual(["credentials", "machine-types", "manifest-lists", "matrix", "nodes", "selections"]);
    expect(await problemOf(first.nodes({ limit: 1 }, signal))).toMatchObject({ status: 403, missing: "list nodes" });
    // The matrix is told again after a pause, where several of its kinds were refused one after another.
    await clock.advance(2_000);
    const told = toFirst.length;
    await kubectl(["label", "node/n2", "lost=right", "--overwrite"]);
    await expect
      .poll(async () => {
        await clock.advance(200);
        return toSecond;
      }, patient)
      .toContainEqual({ event: "changed", kind: "nodes", names: ["n2"] });
    expect(toFirst.length).toBe(told);
    // The right comes back, and so do the news, without a new page.
    await kubectl(["apply", "-f", "-"], bind("console-view", "viewer", "viewer2"));
    await expect.poll(mayWatch, patient).toBe("yes");
    await expect
      .poll(async () => {
        await clock.advance(10_000);
        return toFirst.slice(told);
      }, patient)
      .toContainEqual({ event: "changed", kind: "nodes", names: [] });
    await kubectl(["label", "node/n2", "lost=no-more", "--overwrite"]);
    await expect
      .poll(async () => {
        await clock.advance(200);
        return toFirst.slice(told);
      }, patient)
      .toContainEqual({ event: "changed", kind: "nodes", names: ["n2"] });
    end.abort();
    await Promise.all(listening);
    await own.close();
  });

  test("an API server that is away is told, and so is its return; what was read before stays", async () => {
    await kubectl(["apply", "-f", "-"], bind("console-view", "viewer", "viewer2"));
    const own = openClusterData(options());
    const person = await signIn("viewer", own);
    const told: Change[] = [];
    const end = new AbortController();
    const listening = person.changes((one) => told.push(one), end.signal);
    await person.nodes({ limit: 5 }, signal);
    await cluster.restartApiServer({
      signal,
      whileDown: async () => {
        await expect.poll(() => told, { timeout: 30_000 }).toContainEqual(expect.objectContaining({ event: "lost" }));
        expect((await person.nodes({ limit: 5 }, signal)).total).toBe(3);
        expect(await problemOf(person.machineType("type3", signal))).toMatchObject({ status: 503 });
      },
    });
    await expect.poll(() => told, { timeout: 60_000 }).toContainEqual({ event: "back" });
    expect(told.filter(({ event }) => event === "lost")).toHaveLength(1);
    end.abort();
    await listening;
    await own.close();
  }, 180_000);
});
