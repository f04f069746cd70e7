import { expect, test } from "vitest";
import { parseManifests } from "../manifests/parse.ts";
import type { InventoryError } from "./error.ts";
import { inventoryOf, isMachine, snapshotOf } from "./manifests.ts";

const node = (name: string): string => `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\n`;
const type = (name: string): string =>
  `apiVersion: metahub.dev/v1alpha1\nkind: MachineType\nmetadata: {name: ${name}}\nspec: {nodeSelector: {matchLabels: {a: b}}}\n`;

test("keeps nodes and machine types; other kinds are no mistake", () => {
  const text = [node("a1"), type("t1"), "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"].join("---\n");
  const { nodes, machineTypes } = inventoryOf(parseManifests(text, "f"));
  expect([[...nodes].map(({ name }) => name), [...machineTypes].map(({ metadata }) => metadata.name)]).toEqual([
    ["a1"],
    ["t1"],
  ]);
});

test.each<[string, string, InventoryError["code"], RegExp]>([
  ["a node twice", `${node("a1")}---\n${node("a1")}`, "DUPLICATE", /^f, document 2: Node a1 stands twice/],
  ["a machine type twice", `${type("t1")}---\n${type("t1")}`, "DUPLICATE", /MachineType t1 stands twice/],
  ["a node without a name", "apiVersion: v1\nkind: Node\n", "OBJECT_INVALID", /^f: .*metadata\.name/],
  [
    "a machine type without a selector",
    "apiVersion: metahub.dev/v1alpha1\nkind: MachineType\nmetadata: {name: t}\nspec: {}\n",
    "OBJECT_INVALID",
    /^f: .*nodeSelector/,
  ],
])("%s is refused with its place", (_name, text, code, message) => {
  expect(() => inventoryOf(parseManifests(text, "f"))).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

const classes = `
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: gvisor}
handler: runsc
scheduling: {nodeSelector: {sandbox: "yes"}}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {extendedResourceName: example.com/gpu}
---
apiVersion: v1
kind: Node
metadata: {name: plain}
---
apiVersion: v1
kind: Node
metadata: {name: sandboxed, labels: {sandbox: "yes"}}
`;

test("classes among manifests say where Pods can land", () => {
  const manifests = parseManifests(classes, "f");
  expect(manifests.map(isMachine)).toEqual([false, false, true, true]);
  const { placement, allocatedResources } = snapshotOf(manifests);
  expect([...allocatedResources]).toEqual(["example.com/gpu"]);
  const place = (runtime: object) => placement.place({ metadata: {}, spec: { ...runtime, containers: [] } }).nodes;
  expect([place({}), place({ runtimeClassName: "gvisor" })]).toEqual([2, 1]);
});

test("a class that is none is refused with its place", () => {
  const text = "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: x}\nscheduling: 5\n";
  expect(() => inventoryOf(parseManifests(text, "f"))).toThrow(/^f: .*/);
});
