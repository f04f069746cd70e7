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

test.each([
  ["the largest that is decided on", 1_024, mostImages, 1],
  ["one that is not", 20_000, 0, 0],
])("a Pod of very many containers costs a bounded number of questions: %s", async (_, count, images, placed) => {
  const counts = { placed: 0, mayAsk: 0, lookup: 0, read: 0 };
  const world = new World({
    context: {
      place: () => {
        counts.placed += 1;
        return [];
      },
      mayAsk: () => {
        counts.mayAsk += 1;
        return true;
      },
      lookup: () => {
        counts.lookup += 1;
        return Promise.reject(away);
      },
    },
  });
  const pod = podWith({
    spec: {
      containers: Array.from({ length: count }, (__, row) => ({
        name: `c${row}`,
        get image(): string {
          counts.read += 1;
          return `127.0.0.1:9/y:${row}`;
        },
      })),
    },
  });
  const { request, signal } = world.requestOf(pod);
  await world.handler.handle(request, signal);
  expect(counts).toEqual({ placed, mayAsk: images, lookup: images, read: expect.any(Number) });
  // None of one that is left whole; of the other each once or twice, not once for each of the others.
  expect(counts.read).toBeLessThanOrEqual(2 * count * placed);
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
