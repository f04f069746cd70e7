import { expect, test } from "vitest";
import { calledWebhooks, patchOf, segmentOf } from "./called.ts";

const segment = "5f".repeat(32);
const bundle = "-----BEGIN CERTIFICATE-----\n";
const encoded = Buffer.from(bundle).toString("base64");
const service = (path?: string) => ({
  service: { name: "s", namespace: "n", ...(path === undefined ? {} : { path }) },
});
const configuration = (...webhooks: readonly (readonly [string, object])[]) => ({
  webhooks: webhooks.map(([name, clientConfig]) => ({ name, clientConfig })),
});

test.each<[string, string, object, string | undefined]>([
  ["a path below a segment", "pods.metahub.dev", service(`/${segment}/mutate/pods`), segment],
  ["a path without one", "pods.metahub.dev", service("/mutate/pods"), ""],
  ["a URL", "bindings.metahub.dev", { url: `https://h:1/${segment}/validate/bindings` }, segment],
  ["the longer route", "labelled.bindings.metahub.dev", service(`/${segment}/validate/bindings/labelled`), segment],
  ["no path", "pods.metahub.dev", service(), undefined],
  ["another route", "pods.metahub.dev", service(`/${segment}/validate/bindings`), undefined],
  ["two segments", "pods.metahub.dev", service(`/a/${segment}/mutate/pods`), undefined],
  ["somebody else's webhook", "pods.example.com", service(`/${segment}/mutate/pods`), undefined],
])("the segment in %s", (_name, name, client, expected) => {
  const [webhook] = calledWebhooks(configuration([name, client]));
  expect(webhook && segmentOf(webhook)).toBe(expected);
});

test.each([
  undefined,
  null,
  {},
  { webhooks: "x" },
  { webhooks: [null] },
  { webhooks: [{ name: 1, clientConfig: [] }] },
])("%j has nothing to write to", (given) => {
  expect(patchOf(given, { segment })).toEqual([]);
});

test("every webhook is told authority and path, and a URL the authority alone", () => {
  const given = configuration(
    ["pods.metahub.dev", service()],
    ["namespaces.metahub.dev", { ...service(`/${segment}/mutate/pods`), caBundle: encoded }],
    ["bindings.metahub.dev", { url: "https://h/validate/bindings" }],
    ["pods.example.com", service("/theirs")],
  );
  expect(patchOf(given, { bundle, segment })).toEqual([
    { op: "test", path: "/webhooks/0/name", value: "pods.metahub.dev" },
    { op: "add", path: "/webhooks/0/clientConfig/caBundle", value: encoded },
    { op: "add", path: "/webhooks/0/clientConfig/service/path", value: `/${segment}/mutate/pods` },
    { op: "test", path: "/webhooks/2/name", value: "bindings.metahub.dev" },
    { op: "add", path: "/webhooks/2/clientConfig/caBundle", value: encoded },
  ]);
});
