import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RegistryClient } from "../../../registry/client.ts";
import { machineType as contract } from "../../contract/machine-types.ts";
import type { Change } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import type { ConsoleData, SignedInBackend } from "../data.ts";
import { openFolderData } from "./folder.ts";

const signal = new AbortController().signal;
const cluster = `# The nodes
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {pool: a}} # the only one
status: {nodeInfo: {architecture: amd64, operatingSystem: linux}}
---
# Our first type
apiVersion: metahub.dev/v1alpha1
kind: MachineType
metadata: {name: type1}
spec:
  # by pool
  nodeSelector:
    matchLabels:
      pool: a # of the scheduler
  priority: 1
---
apiVersion: metahub.dev/v1alpha1
kind: ClusterManifestList
metadata: {name: bench}
spec: {image: "qnib/bench:1", manifests: [{image: "qnib/bench:zen", features: [cpu:zen2]}]}
`;

let folder: string;
let outside: string;
let registries: RegistryClient;
let data: ConsoleData;
let person: SignedInBackend;

async function open(writable: boolean): Promise<void> {
  data = openFolderData({ folder, writable, registries, registry: "hub.example.com", onError: () => undefined });
  await data.ready;
  person = data.backendFor({ kind: "user", name: "anna" });
}

async function problemOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConsoleError)) throw error ?? new Error("it was not refused");
  return error.problem;
}

beforeEach(async () => {
  [folder, outside] = (await Promise.all(
    ["inside", "outside"].map((name) => mkdtemp(join(tmpdir(), `metahub-${name}-`))),
  )) as [string, string];
  await writeFile(join(folder, "cluster.yaml"), cluster);
  registries = new RegistryClient({ plainHttp: () => false, allowedRegistries: () => false });
});
afterEach(async () => {
  await data?.close();
  await registries.close();
  for (const path of [folder, outside]) await rm(path, { recursive: true, force: true });
});

describe("a folder that may be written", () => {
  beforeEach(() => open(true));
  const read = () => readFile(join(folder, "cluster.yaml"), "utf8");

  test("a change touches what it changes, and nothing else of the file", async () => {
    const before = await person.machineType("type1", signal);
    expect(contract.parse(before)).toMatchObject({ nodes: 1, resourceVersion: expect.any(String) });
    const spec = { ...before.spec, priority: 7 };
    const { resourceVersion = "" } = before;
    const after = await person.replaceMachineType({ name: "type1", resourceVersion, spec }, signal);
    expect(await read()).toBe(cluster.replace("priority: 1", "priority: 7"));
    expect(after.resourceVersion).not.toBe(resourceVersion);
    expect((await person.machineTypes(signal)).items).toMatchObject([{ spec: { priority: 7 } }]);
  });

  test("a field that goes takes its line along, and comments stay", async () => {
    const { resourceVersion = "", spec } = await person.machineType("type1", signal);
    const { priority: _, ...rest } = spec;
    await person.replaceMachineType(
      { name: "type1", resourceVersion, spec: { ...rest, features: ["cpu:zen2"] } },
      signal,
    );
    const text = await read();
    expect(text).not.toContain("priority");
    for (const kept of ["# The nodes", "# the only one", "# Our first type", "# by pool", "# of the scheduler"]) {
      expect(text).toContain(kept);
    }
  });

  const listed = `apiVersion: v1
kind: List
items:
-   apiVersion: metahub.dev/v1alpha1
    kind: MachineType
    metadata: {name: type2}   # second
    spec: {nodeSelector: {matchLabels: {pool: b}},  features: ["cpu:zen2"]}
-   apiVersion: metahub.dev/v1alpha1
    kind: MachineType
    metadata: {name: type3}
    spec:
        nodeSelector:
            matchExpressions:
            -   {key: pool, operator: In, values: [c]}
            # only those with much memory
            -   key: memory # in GiB
                operator: In
                values: ["500"]
        features:
        # measured by hand
        -   cpu:zen3 # all of them
        -   cpuflag:avx2   # for the old builds
`;

  test("an item of a List is taken out, and its neighbours are not touched", async () => {
    await writeFile(join(folder, "list.yaml"), listed);
    await expect.poll(async () => (await person.machineTypes(signal)).items.length).toBe(3);
    await person.deleteMachineType("type2", undefined, signal);
    const [head = "", , third = ""] = listed.split(/^(?=- )/m);
    expect(await readFile(join(folder, "list.yaml"), "utf8")).toBe(head + third);
  });

  test("items of lists are added, changed and taken out one by one, with the comments of the others kept", async () => {
    await writeFile(join(folder, "list.yaml"), listed);
    await expect.poll(async () => (await person.machineTypes(signal)).items.length).toBe(3);
    const { resourceVersion = "", spec } = await person.machineType("type3", signal);
    const nodeSelector = structuredClone(Object(spec["nodeSelector"]));
    nodeSelector.matchExpressions[1].values = ["250"];
    const features = ["cpu:zen3", "cpu:zen2", "cpuflag:avx2"];
    await person.replaceMachineType({ name: "type3", resourceVersion, spec: { nodeSelector, features } }, signal);
    expect(await readFile(join(folder, "list.yaml"), "utf8")).toBe(
      listed.replace("500", "250").replace("of them\n", "of them\n        - 'cpu:zen2'\n"),
    );
  });

  test("a JSON file stays one", async () => {
    const metadata = { name: "type2" };
    const spec = { nodeSelector: { matchLabels: { pool: "b" } }, features: ["cpu:zen2"] };
    const object = { apiVersion: "metahub.dev/v1alpha1", kind: "MachineType", metadata, spec };
    await writeFile(join(folder, "type2.json"), JSON.stringify(object, null, 2));
    await expect.poll(async () => (await person.machineTypes(signal)).items.length).toBe(2);
    const { resourceVersion = "" } = await person.machineType("type2", signal);
    const after = { nodeSelector: { matchLabels: { pool: "c" } }, features: ["cpu:zen3", "cpuflag:avx2"], priority: 2 };
    await person.replaceMachineType({ name: "type2", resourceVersion, spec: after }, signal);
    expect(JSON.parse(await readFile(join(folder, "type2.json"), "utf8"))).toEqual({ ...object, spec: after });
  });

  test("two people who edit the same: the second one is told what the first one wrote", async () => {
    const { resourceVersion = "", spec } = await person.machineType("type1", signal);
    const draft = (priority: number) => ({ name: "type1", resourceVersion, spec: { ...spec, priority } });
    const answers = await Promise.allSettled(
      [2, 3].map((priority) => person.replaceMachineType(draft(priority), signal)),
    );
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await problemOf(person.replaceMachineType(draft(4), signal))).toMatchObject({
      status: 409,
      current: { name: "type1", spec: { priority: 2 } },
    });
    expect(await problemOf(person.deleteMachineType("type1", resourceVersion, signal))).toMatchObject({ status: 409 });
    const { resourceVersion: _, ...unversioned } = draft(5);
    expect(await problemOf(person.replaceMachineType(unversioned, signal))).toMatchObject({
      status: 422,
      fields: [{ path: "resourceVersion" }],
    });
  });

  test("a new type gets a file, a credential of its name another, and neither is written over", async () => {
    const spec = { nodeSelector: { matchLabels: { pool: "b" } } };
    expect(await person.createMachineType({ name: "type2", spec }, signal)).toMatchObject({ nodes: 0 });
    expect(await problemOf(person.createMachineType({ name: "type2", spec }, signal))).toMatchObject({
      status: 409,
      current: { name: "type2" },
    });
    const made = await person.createCredential("type2", { name: "type2" }, signal);
    expect((await readdir(folder)).sort()).toEqual(["cluster.yaml", "credential-type2.yaml", "type2.yaml"]);
    expect(await readFile(join(folder, "credential-type2.yaml"), "utf8")).not.toContain(made.secret);
    expect(await problemOf(person.createCredential("type2", { name: "type2" }, signal))).toMatchObject({ status: 409 });
    expect(await problemOf(person.createCredential("type9", { name: "x" }, signal))).toMatchObject({ status: 404 });
  });

  test.each(["2020-01-01T00:00:00Z", "2020-01-01", new Date().toISOString(), "soon", ""])(
    "a credential that ends at %j is refused at its field",
    async (expires) => {
      const problem = await problemOf(person.createCredential("type1", { name: "late", expires }, signal));
      expect(problem).toMatchObject({ status: 422, fields: [{ path: "expires" }] });
      expect(await readdir(folder)).toEqual(["cluster.yaml"]);
      expires = new Date(Date.now() + 60_000).toISOString();
      const { credential } = await person.createCredential("type1", { name: "soon", expires }, signal);
      expect(credential).toMatchObject({ state: "active", expires: expires.replace(/\.\d+Z/, "Z") });
      expect((await person.credentials("type1", signal)).items).toMatchObject([{ state: "active" }]);
    },
  );

  test.each([
    [200, 201],
    [201, 422],
    [253, 422],
  ])("a credential whose name has %i characters", async (length, status) => {
    const name = "x".repeat(length);
    await writeFile(join(folder, `${"x".repeat(200)}.yaml`), "");
    const made = person.createCredential("type1", { name }, signal);
    if (status === 201) expect(await made).toMatchObject({ credential: { username: "type1" } });
    else expect(await problemOf(made)).toMatchObject({ status, fields: [{ path: "name" }] });
  });

  test("a deletion takes its document out, and the file where nothing else is in it", async () => {
    await person.deleteMachineType("type1", undefined, signal);
    const [nodes = "", , lists = ""] = cluster.split("---\n");
    expect(await read()).toBe(`${nodes}---\n${lists}`);
    await person.createMachineType({ name: "type2", spec: { nodeSelector: { matchLabels: { pool: "b" } } } }, signal);
    await person.deleteMachineType("type2", undefined, signal);
    expect(await readdir(folder)).toEqual(["cluster.yaml"]);
    expect(await problemOf(person.deleteMachineType("type2", undefined, signal))).toMatchObject({ status: 404 });
  });

  test.each(["../outside", "..", ".hidden", "a/b", "a\\b", "/etc/passwd", "a\0b", "UPPER", "", "x".repeat(300)])(
    "a name that is a path is none: %j",
    async (name) => {
      const spec = { nodeSelector: { matchLabels: { pool: "b" } } };
      expect(await problemOf(person.createMachineType({ name, spec }, signal))).toMatchObject({
        status: 422,
        fields: [{ path: "name" }],
      });
      expect(await problemOf(person.createCredential("type1", { name }, signal))).toMatchObject({ status: 422 });
      expect(await readdir(folder)).toEqual(["cluster.yaml"]);
    },
  );

  test("a file that is a link out of the folder is shown, and neither written nor deleted", async () => {
    const text = cluster.replace("name: type1", "name: far").split("---\n")[1] ?? "";
    const credential = `apiVersion: metahub.dev/v1alpha1
kind: MachineCredential
metadata: {name: away}
spec: {machineType: far, secretHash: "sha256:${"0".repeat(64)}"}
`;
    const target = join(outside, "far.yaml");
    await writeFile(target, `${text}---\n${credential}`);
    await symlink(target, join(folder, "far.yaml"));
    await expect
      .poll(async () => (await person.machineTypes(signal)).items.map(({ name }) => name))
      .toEqual(["far", "type1"]);
    const { resourceVersion = "", spec } = await person.machineType("far", signal);
    const draft = { name: "far", resourceVersion, spec: { ...spec, priority: 9 } };
    expect(await problemOf(person.replaceMachineType(draft, signal))).toMatchObject({ status: 403 });
    expect(await problemOf(person.deleteMachineType("far", undefined, signal))).toMatchObject({ status: 403 });
    expect(await problemOf(person.revokeCredential("far", "away", signal))).toMatchObject({ status: 409 });
    expect(await readFile(target, "utf8")).toBe(`${text}---\n${credential}`);
    // A name that is taken by a link is taken, wherever the link leads.
    await symlink(join(outside, "new.yaml"), join(folder, "type5.yaml"));
    await person
      .createMachineType({ name: "type5", spec: { nodeSelector: { matchLabels: { pool: "c" } } } }, signal)
      .catch(() => undefined);
    expect(await readdir(outside)).toEqual(["far.yaml"]);
  });

  test("a type whose nodes all are another's says so, and so does the other", async () => {
    const spec = { nodeSelector: { matchLabels: { pool: "a" } }, priority: 5 };
    await person.createMachineType({ name: "type2", spec }, signal);
    const conditions = async (name: string) =>
      (await person.machineType(name, signal)).conditions.flatMap(({ type, status, message }) =>
        status === "False" ? [[type, message]] : [],
      );
    expect(await conditions("type1")).toEqual([
      ["Ready", expect.stringContaining("no node is of this type")],
      ["Exclusive", expect.stringContaining("type2 selects a node that this type selects too")],
    ]);
    expect(await conditions("type2")).toEqual([["Exclusive", expect.stringContaining("type1 selects")]]);
  });

  test("a deletion is foreseen; of Pods a folder knows nothing, and says no number", async () => {
    await person.createCredential("type1", { name: "login" }, signal);
    await expect.poll(async () => (await person.machineType("type1", signal)).credentials).toBe(1);
    const { spec } = await person.machineType("type1", signal);
    const foreseen = await person.preview({ name: "type1", spec }, true, signal);
    expect(foreseen).toMatchObject({ credentials: 1, moved: [{ from: "type1", to: null, nodes: 1 }] });
    expect(foreseen.pods).toBeUndefined();
  });

  test("a mistake in a draft stands at its field", async () => {
    const spec = { nodeSelector: { matchLabels: { pool: "b" } }, features: ["cpu zen"] };
    const field = { path: "spec.features[0]", message: expect.any(String) };
    expect(await problemOf(person.createMachineType({ name: "type2", spec }, signal))).toMatchObject({
      status: 422,
      fields: [field],
    });
    expect(await person.preview({ name: "type2", spec }, false, signal)).toMatchObject({ refused: [field] });
  });

  test("changes are told by kind and name, a folder that cannot be used as lost", async () => {
    const told: Change[] = [];
    const end = new AbortController();
    const listening = person.changes((one) => told.push(one), end.signal);
    await person.createMachineType({ name: "type2", spec: { nodeSelector: { matchLabels: { pool: "b" } } } }, signal);
    expect(told).toEqual([
      { event: "changed", kind: "machine-types", names: ["type2"] },
      { event: "changed", kind: "matrix", names: [] },
    ]);
    await person.createCredential("type2", { name: "login" }, signal);
    await expect.poll(() => told.slice(2)).toEqual([{ event: "changed", kind: "credentials", names: ["login"] }]);
    await writeFile(join(folder, "broken.yaml"), "a: [");
    await expect.poll(() => told.at(-1)).toMatchObject({ event: "lost" });
    expect((await person.machineTypes(signal)).items).toHaveLength(2);
    await rm(join(folder, "broken.yaml"));
    await expect.poll(() => told.at(-1)).toEqual({ event: "back" });
    end.abort();
    await listening;
  });

  test("past a file that cannot be used people go on, and are told which it is", async () => {
    await person.createCredential("type1", { name: "login" }, signal);
    const told: Change[] = [];
    const end = new AbortController();
    const listening = person.changes((one) => told.push(one), end.signal);
    await writeFile(join(folder, "broken.yaml"), "a: [");
    await expect
      .poll(() => told.at(-1))
      .toMatchObject({ event: "lost", detail: expect.stringContaining("broken.yaml") });
    expect(JSON.stringify(told)).not.toContain(folder);
    const spec = { nodeSelector: { matchLabels: { pool: "b" } } };
    const made = await person.createMachineType({ name: "type2", spec }, signal);
    expect(contract.parse(made).notes).toEqual([expect.stringMatching(/^It is saved, and not shown\. broken\.yaml/)]);
    const { resourceVersion = "", spec: old } = await person.machineType("type1", signal);
    const draft = { name: "type1", resourceVersion, spec: { ...old, priority: 7 } };
    expect((await person.replaceMachineType(draft, signal)).notes).toHaveLength(1);
    expect(await read()).toBe(cluster.replace("priority: 1", "priority: 7"));
    expect((await person.credentials("type1", signal)).items).toMatchObject([{ id: "login" }]);
    await person.createCredential("type1", { name: "second" }, signal);
    expect(await person.revokeCredential("type1", "second", signal)).toMatchObject({ state: "revoked" });
    // It may be in the file that cannot be read.
    for (const work of [
      () => person.revokeCredential("type1", "third", signal),
      () => person.deleteMachineType("x", "1", signal),
    ]) {
      expect(await problemOf(work())).toMatchObject({ status: 503, detail: expect.stringContaining("broken.yaml") });
    }
    await rm(join(folder, "broken.yaml"));
    await expect
      .poll(async () => (await person.machineTypes(signal)).items.map(({ name, spec: one }) => [name, one["priority"]]))
      .toEqual([
        ["type1", 7],
        ["type2", undefined],
      ]);
    end.abort();
    await listening;
  });

  test("texts of strangers pass through as they are", async () => {
    const hostile = `"><script>alert(1)</script>\u202e\u0000`;
    const spec = { nodeSelector: { matchLabels: { pool: "b" } }, features: [hostile] };
    const { detail } = await problemOf(person.createMachineType({ name: "type2", spec }, signal));
    expect(detail.length).toBeLessThan(700);
    expect(await problemOf(person.matrix(hostile, signal))).toMatchObject({ status: 422, fields: [{ path: "image" }] });
    // A layout on this machine's disk is no image that people may name here.
    expect(await problemOf(person.matrix(`oci:${folder}`, signal))).toMatchObject({ status: 422 });
    expect(await problemOf(person.matrix("registry.example.com/team/app:1", signal))).toMatchObject({ status: 403 });
  });
});

describe("a folder that is only shown", () => {
  beforeEach(() => open(false));

  test("nothing is written, by any request", async () => {
    const { resourceVersion = "", spec } = await person.machineType("type1", signal);
    const works = [
      () => person.createMachineType({ name: "type2", spec }, signal),
      () => person.replaceMachineType({ name: "type1", resourceVersion, spec: { ...spec, priority: 2 } }, signal),
      () => person.deleteMachineType("type1", undefined, signal),
      () => person.createCredential("type1", { name: "login" }, signal),
      () => person.rotateCredential("type1", "login", { overlapSeconds: 0 }, signal),
      () => person.revokeCredential("type1", "login", signal),
    ];
    for (const work of works) {
      // Some refuse before they begin.
      expect(await problemOf((async () => await work())())).toMatchObject({
        status: 403,
        detail: expect.stringContaining("--writable"),
      });
    }
    expect(await readdir(folder)).toEqual(["cluster.yaml"]);
    expect(await readFile(join(folder, "cluster.yaml"), "utf8")).toBe(cluster);
    expect((await person.may(signal)).machineTypes).toEqual(["list", "watch"]);
  });

  test("its manifest lists, nodes and no Pods", async () => {
    expect(await person.manifestLists({ limit: 5 }, signal)).toMatchObject({
      items: [
        {
          kind: "ClusterManifestList",
          name: "bench",
          entries: [{ image: "qnib/bench:zen", requires: [["cpu:zen2"]] }],
        },
      ],
    });
    expect(await person.nodes({ limit: 5 }, signal)).toMatchObject({
      items: [{ name: "n1", machineType: "type1" }],
      total: 1,
    });
    expect(await person.selections({ limit: 5 }, signal)).toMatchObject({ items: [], total: 0 });
  });
});
