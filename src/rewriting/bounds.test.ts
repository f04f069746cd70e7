import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { machine } from "../../test/support/variants.ts";
import { parseFeatures } from "../hardware/parse.ts";
import { heapSize } from "../json/heap-size.ts";
import { flattenInSteps, readIndex } from "../oci/flatten.ts";
import { parseReference } from "../oci/reference.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { Image } from "../registry/images.ts";
import { eventLoop } from "../time/slices.ts";
import { Selections } from "./selections.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
const { signal } = new AbortController();
const digestOf = (row: number): string => `sha256:${row.toString(16).padStart(64, "0")}`;

/** An index of so many builds, each with so many of the features `n0:v` to `n15:v`, in combinations of their own. */
function hostile(salt: number, builds: number, each: number): Uint8Array {
  const manifests = Array.from({ length: builds }, (_, row) => {
    const features = Array.from(
      { length: each },
      (__, place) => `n${(row * 7 + place * (1 + (row % 5))) % 16}:v${place}`,
    );
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const platform = { os: "linux", architecture: "amd64" };
    const annotations = { "dev.metahub.features": features.join(",") };
    return { mediaType, digest: digestOf(salt * 10_000 + row), size: 1, platform, annotations };
  });
  return Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
}
function image(bytes: Uint8Array, salt: number): Image & { kind: "index" } {
  const list = readIndex(bytes);
  if (!list.complete) throw new Error("nothing is nested in it");
  const descriptor = { mediaType: "application/vnd.oci.image.index.v1+json", digest: digestOf(salt), size: 1 };
  return { kind: "index", reference: parseReference("evil/app"), descriptor, variants: list.variants, warnings: [] };
}
/** So many places, each with its own profile, which offers all features of these indexes. */
function places(count: number): readonly PlacedProfile[] {
  const features = Array.from({ length: 16 * 16 }, (_, row) => `n${row % 16}:v${Math.floor(row / 16)}`);
  const { platform } = machine();
  return Array.from({ length: count }, (_, row) => ({
    profile: {
      id: `p${row}`,
      platform,
      features: features.flatMap((text) => parseFeatures(text, {})),
      accelerators: [],
      notes: [],
    },
    machineTypes: [],
    nodes: 1,
    templates: 0,
    example: { kind: "node", name: `p${row}` },
  }));
}
const used = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test("no look-up of a hostile index holds the event loop, read and judged for 8 places", {
  timeout: 120_000,
}, async () => {
  const bytes = hostile(1, 1_024, 15);
  const at = places(8);
  const selections = new Selections();
  const turns = watchTurns();
  const list = await eventLoop.run(flattenInSteps("d", new Map([["d", bytes]])), signal, "reading");
  if (!list.complete) expect.unreachable("nothing is nested in it");
  const read = { ...image(hostile(2, 1, 1), 1), variants: list.variants };
  await selections.judge(read, at, { accelerated: false, common: false }, signal);
  const { all, longest } = await turns.end();
  // Its share of the work, in processor time: one hundredth on a machine that does nothing else, all of it without slices.
  expect(longest / all).toBeLessThan(0.25);
});

/** Processor time of this thread, µs: all of it, and the most that passes between two turns of the event loop. */
function watchTurns(): { end(): Promise<{ readonly all: number; readonly longest: number }> } {
  const spent = (): number => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  };
  const began = spent();
  let [last, longest, on] = [began, 0, true];
  const turn = (): void => {
    const now = spent();
    [last, longest] = [now, Math.max(longest, now - last)];
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    end: async () => {
      on = false;
      await new Promise((resolve) => setImmediate(resolve));
      return { all: last - began, longest };
    },
  };
}

test("what is remembered of indexes is bounded by bytes, and the estimate is what is measured", {
  timeout: 120_000,
}, async () => {
  const at = places(2);
  const selections = new Selections();
  const how = { accelerated: false, common: false };
  await selections.judge(image(hostile(99, 100, 15), 99), at, how, signal);
  const [before, estimated] = [used(), selections.bytes];
  for (let salt = 1; salt <= 40; salt += 1) {
    await selections.judge(image(hostile(salt, 200, 15), salt), at, how, signal);
  }
  const [grown, claimed] = [used() - before, selections.bytes - estimated];
  expect(grown / claimed).toBeGreaterThan(0.8);
  expect(grown / claimed).toBeLessThan(1.2);
  expect(selections.bytes).toBeLessThanOrEqual(48 * 1_048_576);
});

test("what is read of indexes takes what is estimated, and keeps nothing of their documents", {
  timeout: 60_000,
}, () => {
  // A description of 256 KiB in each: a digest that is a part of the text would keep it.
  const padded = (salt: number): Uint8Array => {
    const { manifests } = JSON.parse(Buffer.from(hostile(salt, 100, 2)).toString());
    return Buffer.from(JSON.stringify({ schemaVersion: 2, manifests, annotations: { d: "x".repeat(262_144) } }));
  };
  heapSize(image(padded(99), 99).variants);
  const before = heapUsed();
  const kept = Array.from({ length: 60 }, (_, salt) => image(padded(salt), salt).variants);
  const grown = heapUsed() - before;
  const claimed = kept.reduce((sum, variants) => sum + heapSize(variants), 0);
  expect(grown / claimed).toBeGreaterThan(0.8);
  expect(grown / claimed).toBeLessThan(1.2);
});

/** Without buffers, of which nothing is kept here and which are freed a little later. */
function heapUsed(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
