import { afterEach, expect, test } from "vitest";
import { FakeApiServer } from "../../../../test/support/api-server/fake.ts";
import { nodeObject } from "../../../../test/support/inventory.ts";
import { KubernetesClient } from "../../../kubernetes/client/client.ts";
import { systemClock } from "../../../time/clock.ts";
import { watchedNodes } from "./kinds.ts";
import { Reviews } from "./reviews.ts";
import { SharedWatch } from "./shared-watch.ts";

const signal = new AbortController().signal;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(maxBytes: number) {
  const server = await FakeApiServer.start();
  closing.push(() => server.stop());
  for (let index = 0; index < 20; index++) server.store.put("/api/v1/nodes", nodeObject(`n${index}`));
  const client = new KubernetesClient({ access: server.access(), userAgent: "test" });
  closing.push(() => client.close());
  const leftOut: string[] = [];
  const watch = new SharedWatch({
    kind: { ...watchedNodes, maxBytes },
    clock: systemClock,
    observe: () => undefined,
    onLeftOut: (resource) => leftOut.push(resource),
  });
  closing.push(() => watch.close());
  const reviews = new Reviews({ create: () => Promise.resolve(true as never) }, () => 0);
  const store = await watch.join({ client, reviews, signedOut: signal }, signal);
  return { watch, store, leftOut };
}

test("objects beyond the bytes of a watch are left out, and that is told once", async () => {
  const { watch, store, leftOut } = await open(2_000);
  expect([store.size > 0, store.size < 20]).toEqual([true, true]);
  expect(leftOut).toEqual(["nodes"]);
  expect(watch.notes).toEqual([
    "Not all is shown: there are more nodes than this console keeps to let people see nodes.",
  ]);
});

test("where all fits there is nothing to tell", async () => {
  const { watch, store, leftOut } = await open(watchedNodes.maxBytes);
  expect([store.size, leftOut, watch.notes]).toEqual([20, [], []]);
});
