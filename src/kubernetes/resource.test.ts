import { describe, expect, test } from "vitest";
import { collectionPath, objectPath, resource } from "./resource.ts";

const NODES = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const PODS = resource({ group: "", version: "v1", plural: "pods", namespaced: true });
const TYPES = resource({ group: "metahub.dev", version: "v1alpha1", plural: "machinetypes", namespaced: false });
const LEASES = resource({ group: "coordination.k8s.io", version: "v1", plural: "leases", namespaced: true });

describe("paths", () => {
  test.each([
    [() => collectionPath({ resource: NODES }), "/api/v1/nodes"],
    [() => collectionPath({ resource: PODS }), "/api/v1/pods"],
    [() => collectionPath({ resource: PODS, namespace: "a" }), "/api/v1/namespaces/a/pods"],
    [() => objectPath({ resource: NODES, name: "n" }), "/api/v1/nodes/n"],
    [
      () => objectPath({ resource: TYPES, name: "t", subresource: "status" }),
      "/apis/metahub.dev/v1alpha1/machinetypes/t/status",
    ],
    [
      () => objectPath({ resource: LEASES, namespace: "a", name: "system:x y" }),
      "/apis/coordination.k8s.io/v1/namespaces/a/leases/system%3Ax%20y",
    ],
  ])("%o is %s", (path, expected) => {
    expect(path()).toBe(expected);
  });

  test.each([
    ["a name with a slash", () => objectPath({ resource: NODES, name: "a/status" })],
    ["a name of dots", () => objectPath({ resource: NODES, name: ".." })],
    ["an empty name", () => objectPath({ resource: NODES, name: "" })],
    ["an encoded slash", () => objectPath({ resource: NODES, name: "a%2fb" })],
    ["a namespace with dots", () => objectPath({ resource: PODS, namespace: "..", name: "a" })],
    ["no namespace", () => objectPath({ resource: PODS, name: "a" })],
    ["a namespace too many", () => collectionPath({ resource: NODES, namespace: "a" })],
  ])("%s is refused", (_, path) => {
    expect(path).toThrow(expect.objectContaining({ code: "INVALID" }));
  });

  test.each([
    { group: "a/b", version: "v1", plural: "x", namespaced: true },
    { group: "", version: "", plural: "x", namespaced: true },
    { group: "", version: "v1", plural: "X", namespaced: true },
  ])("%o is no resource", (description) => {
    expect(() => resource(description)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});
