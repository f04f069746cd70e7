import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "vitest";
import { buildOf, onNode, podWith, World } from "../../test/support/admission/bench.ts";
import { RegistryError } from "../registry/error.ts";
import type { Image } from "../registry/images.ts";
import { mostImages } from "../rewriting/image-bounds.ts";

const away = new RegistryError("UNREACHABLE", "away");
const containers = (count: number, image: (row: number) => string): object => ({
  containers: Array.from({ length: count }, (_, row) => ({ name: `c${row}`, image: image(row) })),
});

test("so many distinct images are looked at, the rest is left with one Warning", async () => {
  const world = new World();
  world.publish("qnib/bench", "latest", { broadwell: "cpu:broadwell", generic: "" });
  // The last is one of the first: it costs nothing, and is decided on.
  const image = (row: number): string => (row % (mostImages + 10) === 0 ? "qnib/bench" : `qnib/other:${row}`);
  const spec = { ...containers(mostImages + 11, image), ...onNode("node1") };
  const { pod, warnings } = await world.review(podWith({ spec }));
  expect(world.asked).toHaveLength(mostImages);
  expect([pod.spec.containers?.[0]?.image, pod.spec.containers?.at(-1)?.image]).toEqual(
    Array(2).fill(buildOf("broadwell")),
  );
  const told = "metahub: images of 10 containers are left as written: only the first 256 images of a Pod are looked at";
  expect(warnings?.filter((text) => text === told)).toHaveLength(1);
  expect(warnings?.length).toBeLessThanOrEqual(17);
});

test.each([
  ["at creation", {}],
  ["steered", { annotations: { "metahub.dev/no-match": "steer" } }],
])("at most 16 look-ups of one review are under way: %s", async (_, parts) => {
  let running = 0;
  let most = 0;
  const lookup = async (): Promise<Image> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    throw away;
  };
  const world = new World({ context: { lookup } });
  await world.review(podWith({ ...parts, spec: containers(100, (row) => `qnib/app:${row}`) }));
  expect(most).toBe(16);
});

test("an update that sets very many images is bounded too", async () => {
  const world = new World();
  const old = podWith({ spec: containers(300, () => "qnib/bench") });
  const { warnings } = await world.review(podWith({ spec: containers(300, (row) => `qnib/app:${row}`) }), old);
  expect(world.asked).toHaveLength(mostImages);
  expect(warnings?.[0]).toContain("images of 44 containers are left as written");
});

/** The longest that the event loop is held, ms. */
async function held(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await work();
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return delay.max / 1e6;
}

test.each([
  ["the largest that is decided on", 1_024],
  ["one that is not", 20_000],
])("no Pod holds the event loop for long: %s", async (_, count) => {
  const world = new World({ context: { lookup: () => Promise.reject(away) } });
  const pod = podWith({ spec: containers(count, (row) => `127.0.0.1:9/y:${row}`) });
  await world.review(pod);
  // Without a bound 20,000 take seconds. On a machine that does nothing else both are under 50.
  expect(await held(() => world.review(pod))).toBeLessThan(400);
});

test("a Pod that is too large is left whole, unparsed, and its owner hears of it once", async () => {
  const world = new World();
  const { operations, warnings } = await world.review(podWith({ spec: containers(1_025, () => "qnib/bench") }));
  expect([operations, world.asked]).toEqual([[], []]);
  expect(warnings).toEqual([
    "metahub: it has 1025 containers and volumes, at most 1024 are looked at; its images are left as written",
  ]);
});

test.each([
  ["values of a selector", { matchExpressions: [{ key: "a", operator: "In", values: Array(20_000).fill("x") }] }],
  ["terms", { matchExpressions: Array.from({ length: 9_000 }, () => ({ key: "a", operator: "Exists" })) }],
])("a Pod that can land in too many ways is left whole: %s", async (_, term) => {
  const world = new World();
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
  const { warnings } = await world.review(podWith({ spec: { affinity: { nodeAffinity } } }));
  expect([warnings?.length, warnings?.[0]]).toEqual([1, expect.stringContaining("more than 16384 values")]);
  expect(world.asked).toEqual([]);
});
