import { describe, expect, test } from "vitest";
import { collectionPath, objectPath, resource } from "./resource.ts";

const nodeResource = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const pods = resource({ group: "", version: "v1", plural: "pods", namespaced: true });
const types = resource({ group: "metahub.dev", version: "v1alpha1", plural: "machinetypes", namespaced: false });
const leaseResource = resource({ group: "coordination.k8s.io", version: "v1", plural: "leases", namespaced: true });

describe("paths", () => {
  test.each([
    [() => collectionPath({ resource: nodeResource }), "/api/v1/nodes"],
    [() => collectionPath({ resource: pods }), "/api/v1/pods"],
    [() => collectionPath({ resource: pods, namespace: "a" }), "/api/v1/namespaces/a/pods"],
    [() => objectPath({ resource: nodeResource, name: "n" }), "/api/v1/nodes/n"],
    [
      () => objectPath({ resource: types, name: "t", subresource: "status" }),
      "/apis/metahub.dev/v1alpha1/machinetypes/t/status",
    ],
    [
      () => objectPath({ resource: leaseResource, namespace: "a", name: "system:x y" }),
      "/apis/coordination.k8s.io/v1/namespaces/a/leases/system%3Ax%20y",
    ],
  ])("%o is %s", (path, expected) => {
    expect(path()).toBe(expected);
  });

  test.each([
    ["a name with a slash", () => objectPath({ resource: nodeResource, name: "a/status" })],
    ["a name of dots", () => objectPath({ resource: nodeResource, name: ".." })],
    ["an empty name", () => objectPath({ resource: nodeResource, name: "" })],
    ["an encoded slash", () => objectPath({ resource: nodeResource, name: "a%2fb" })],
    ["a namespace with dots", () => objectPath({ resource: pods, namespace: "..", name: "a" })],
    ["no namespace", () => objectPath({ resource: pods, name: "a" })],
    ["a namespace too many", () => collectionPath({ resource: nodeResource, namespace: "a" })],
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
