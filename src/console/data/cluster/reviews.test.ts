import { expect, test } from "vitest";
import { nodeResource } from "../../../inventory/cluster.ts";
import { KubernetesError } from "../../../kubernetes/error.ts";
import { Reviews } from "./reviews.ts";

const signal = new AbortController().signal;
const right = { verb: "list", resource: nodeResource } as const;

/** A client that only fails: no API server refuses a review to those whom it knows, as long as nobody changes its roles. */
const failing = (error: Error) => ({ create: () => Promise.reject(error) });

test("who may not even ask what they may, may nothing", async () => {
  const reviews = new Reviews(failing(new KubernetesError("FORBIDDEN", "no")), () => 0);
  expect(await reviews.ask(right, signal)).toBe(false);
  expect(await reviews.allowed(right, signal)).toBe(false);
  expect(await reviews.missing([right], signal)).toEqual(right);
});

test("an API server that does not answer takes no right away, and gives none", async () => {
  const reviews = new Reviews(failing(new KubernetesError("UNREACHABLE", "away")), () => 0);
  await expect(reviews.allowed(right, signal)).rejects.toMatchObject({ code: "UNREACHABLE" });
});
