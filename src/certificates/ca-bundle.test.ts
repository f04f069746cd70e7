import { describe, expect, test } from "vitest";
import { toPatch } from "./ca-bundle.ts";

const wanted = Buffer.from("bundle").toString("base64");

describe("toPatch", () => {
  test("gives every webhook the bundle, and makes sure that it is the one that was read", () => {
    const webhooks = [
      { name: "a", clientConfig: { service: {} } },
      { name: "b", clientConfig: { caBundle: wanted } },
      { name: "c", clientConfig: { url: "https://x", caBundle: "b2xk" } },
    ];
    expect(toPatch({ webhooks }, "bundle")).toEqual([
      { op: "test", path: "/webhooks/0/name", value: "a" },
      { op: "add", path: "/webhooks/0/clientConfig/caBundle", value: wanted },
      { op: "test", path: "/webhooks/2/name", value: "c" },
      { op: "add", path: "/webhooks/2/clientConfig/caBundle", value: wanted },
    ]);
  });

  test.each([[null], [{}], [{ webhooks: [] }], [{ webhooks: [null, { name: "a" }] }]])(
    "has nothing to do in %j",
    (value) => {
      expect(toPatch(value, "bundle")).toEqual([]);
    },
  );
});
