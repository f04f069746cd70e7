import { expect, test } from "vitest";
import { facts, machineType } from "../../../../test/support/inventory.ts";
import { putImage, putIndex } from "../../../../test/support/registry/content.ts";
import { registryFixture } from "../../../../test/support/registry/fixture.ts";
import { metahubApiVersion } from "../../../api/machine-type.ts";
import { plainContext } from "../../../inventory/inventory.ts";
import { SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { matrix as contract } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import { Matrices } from "./matrix.ts";
import { Rates } from "./rate.ts";

const fixture = registryFixture();
const signal = new AbortController().signal;
const outside = {
  apiVersion: metahubApiVersion,
  kind: "MachineType" as const,
  metadata: { name: "outside", uid: "o", generation: 1 },
  spec: { external: true, features: ["cpu:zen3"], platform: { os: "linux", architecture: "amd64" } },
};
const types = [machineType("type1", { pool: "a" }), outside];
const groundOf = (nodes: Parameters<SnapshotBuilder["build"]>[0], seesNodes: boolean) => ({
  snapshot: new SnapshotBuilder().build(nodes, types, plainContext),
  seesNodes,
  lists: [],
});

/** An image of two builds in a registry of this process. */
async function bench(): Promise<string> {
  const { host, store } = await fixture.registry();
  const linux = { os: "linux", architecture: "amd64" };
  const build = async (feature?: string) => ({
    ...(await putImage(store, "qnib/bench", undefined, Buffer.from(JSON.stringify({ ...linux, feature })))),
    platform: linux,
    ...(feature === undefined ? {} : { annotations: { "dev.metahub.features": feature } }),
  });
  await putIndex(store, "qnib/bench", "1", [await build("cpu:zen2"), await build()]);
  return `${host}/qnib/bench:1`;
}

test("who may not list nodes is told that, and not that nothing fits; machines outside of the cluster are known", async () => {
  const image = await bench();
  const matrices = new Matrices(fixture.client());
  const node = facts("n1", { pool: "a", "archspec.io/cpu.target": "zen2" });
  const seeing = contract.parse(await matrices.of(image, "anna", groundOf([node], true), signal));
  expect(seeing.notes).toBeUndefined();
  // Its only node has no row beside it.
  expect(seeing.machines.map(({ name, unknown }) => [name, unknown])).toEqual([
    ["outside", undefined],
    ["type1", undefined],
  ]);
  const [zen2] = seeing.variants;
  expect(seeing.machines.map(({ selected }) => selected)).toEqual([zen2?.digest, zen2?.digest]);

  const blind = contract.parse(await matrices.of(image, "bert", groundOf([], false), signal));
  expect(blind.notes).toEqual([expect.stringContaining("You may not list nodes")]);
  expect(blind.machines).toMatchObject([
    { name: "outside", selected: zen2?.digest },
    { name: "type1", unknown: true, reason: "not known: you may not list nodes", selected: null, considered: [] },
  ]);
  expect(JSON.stringify(blind)).not.toContain("linux/unknown");
});

test("more machines than a table has are counted", async () => {
  const nodes = Array.from({ length: 650 }, (_, index) => facts(`n${index}`, { pool: "b", "x.com/y": `${index}` }));
  const kinds = nodes.map((node, index) => ({ ...node, architecture: `arch${index}` }));
  const { machines, notes } = await new Matrices(fixture.client()).of(
    await bench(),
    "anna",
    groundOf(kinds, true),
    signal,
  );
  expect(machines).toHaveLength(500);
  expect(notes).toEqual(["152 more machines are not shown: there are too many for one table."]);
});

test("each question counts for who asks it, whatever comes of it", async () => {
  const matrices = new Matrices(fixture.client({ allowedRegistries: () => false }), new Rates(() => 0));
  const ask = (person: string) =>
    matrices.of("registry.example.com/a:1", person, groundOf([], true), signal).catch((error: unknown) => {
      if (!(error instanceof ConsoleError)) throw error;
      return error.problem.status;
    });
  for (let asked = 0; asked < 20; asked++) expect(await ask("anna")).toBe(403);
  expect([await ask("anna"), await ask("bert")]).toEqual([429, 403]);
});

test("problems name no address, and a closed port is told as a name that there is not", async () => {
  const gone = await fixture.registry();
  await gone.close();
  const there = await fixture.registry();
  const cases = [`${gone.host}/a/b:1`, "no-such-name.invalid/a/b:1", `${there.host}/a/b:1`];
  const problems = [];
  for (const image of cases) {
    const error: unknown = await new Matrices(fixture.client())
      .of(image, "anna", groundOf([], true), signal)
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof ConsoleError)) throw error;
    problems.push(error.problem);
    for (const text of ["127.0.0.1", "http", "invalid", "ECONN", "ENOTFOUND"]) {
      expect(JSON.stringify(error.problem)).not.toContain(text);
    }
  }
  expect(problems[0]).toEqual(problems[1]);
  expect(problems.map(({ status }) => status)).toEqual([502, 502, 404]);
});
