import { createHash } from "node:crypto";
import type { MachineTypeView } from "../../../../src/console/contract/machine-types.ts";
import type { Matrix } from "../../../../src/console/contract/views.ts";
import type { PagesFixture } from "./fixture.ts";
import { sampleLists, sampleMatrix, sampleNodes, sampleSelections, sampleTypes, typeOf } from "./samples.ts";

/** The longest name that Kubernetes allows an object: 253 characters. */
export const longName = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
const longLabel = "a-node-pool-that-somebody-named-after-everything-that-is-in-it";
const longImage = `registry.example.com/${"team/".repeat(12)}a-name-that-goes-on-and-on:2026.11.29-nightly.build-4711`;

/** A page before anybody did anything. */
export function emptied(fixture: PagesFixture): void {
  Object.assign(fixture, { machineTypes: new Map(), credentials: [], nodes: [], selections: [], lists: [] });
  fixture.matrix = (image) => ({ ...sampleMatrix(image), variants: [], machines: [] });
}

/** Of everything as much, and as long, as a page must bear: 200 machine types, 10,000 nodes, a matrix of 24 by 60. */
export function crowded(fixture: PagesFixture): void {
  fixture.user = `oidc:${longLabel}@example.com`;
  const many = Array.from({ length: 200 }, (_, place) => crowdedType(place));
  fixture.machineTypes = new Map(many.map((type) => [type.name, type]));
  fixture.credentials = Array.from({ length: 120 }, (_, place) => ({
    id: place === 0 ? longName : `login-${place}`,
    username: `qnib-${place === 0 ? longLabel : `login-${place}`}`,
    state: place % 5 === 4 ? ("ignored" as const) : ("active" as const),
    repositories: place % 3 === 0 ? Array.from({ length: 12 }, (_, each) => `team-${each}/a-long-repository-*`) : [],
  }));
  fixture.nodes = sampleNodes(10_000).map((node, place) =>
    place % 9 === 2 ? { ...node, name: `${longLabel}.${place}.example.com`, machineType: longName } : node,
  );
  fixture.selections = sampleSelections(2_000).map((row, place) =>
    place % 5 === 1
      ? { ...row, namespace: longLabel, pod: longName, asked: longImage, image: longImage, node: `${longLabel}.local` }
      : row,
  );
  fixture.lists = Array.from({ length: 40 }, (_, place) => {
    const list = sampleLists[place % sampleLists.length];
    if (list === undefined) throw new Error("there is no sample");
    if (place !== 1) return { ...list, name: `${list.name}-${place}` };
    const entries = list.entries.map((entry) => ({ ...entry, image: longImage, error: "x".repeat(600) }));
    return { ...list, name: longName, image: longImage, entries };
  });
  fixture.matrix = (image) => wideMatrix(image);
}

function crowdedType(place: number): MachineTypeView {
  const sample = sampleTypes[place % sampleTypes.length];
  if (sample === undefined) throw new Error("there is no sample");
  if (place === 1) return { ...typeOf(longName, { features: [`cpu:${longName}`], nodes: 12_345 }), credentials: 1_234 };
  if (place !== 3) return { ...sample, name: `${sample.name}-${place}` };
  const flags = Array.from({ length: 60 }, (_, each) => `cpuflag:avx512_flag_${each}`);
  return typeOf(longLabel, { features: ["cpu:zen5", ...flags, `example.com/fabric:${longLabel}`], nodes: 1 });
}

function wideMatrix(image: string): Matrix {
  const digests = Array.from(
    { length: 24 },
    (_, place) => `sha256:${createHash("sha256").update(`wide ${place}`).digest("hex")}`,
  );
  const requires = (place: number): string[][] =>
    place === 0 ? [] : [[`cpu:skylake_avx512`], [`nvcap:${6 + (place % 7)}.0`, `nvptx:${6 + (place % 7)}.0`]];
  return {
    ...sampleMatrix(image),
    image: longImage,
    variants: digests.map((digest, position) => ({
      ...{ digest, position, platform: "linux/amd64", requires: requires(position) },
      says: "a CPU that is skylake_avx512 or descends from it (cascadelake, cooperlake, icelake and 7 more)",
    })),
    machines: Array.from({ length: 60 }, (_, row) => ({
      ...{ kind: "MachineType" as const, name: row === 2 ? longName : `type-${row}`, platform: "linux/amd64" },
      ...{ offers: ["cpu:zen4"], selected: digests[row % 24] ?? null, action: "rewrite" as const },
      reason: "it is the most specific build that fits: it requires a closer CPU than B1, and its GPU code fits",
      considered: digests.map((digest, place) =>
        place === row % 24
          ? { digest, outcome: "selected" as const }
          : place < row % 24
            ? { digest, outcome: "outranked" as const, by: digests[row % 24] ?? digest }
            : { digest, outcome: "incompatible" as const, missing: requires(place) },
      ),
      warnings: row % 10 === 3 ? ["its nodes differ: those with an older driver get another build at binding"] : [],
    })),
  };
}
