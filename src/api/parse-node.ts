import { isRecord } from "../json/object.ts";
import { ApiError } from "./error.ts";
import { Field } from "./field.ts";
import type { NodeFacts, Taint } from "./node.ts";
import { textsOf } from "./parse-status.ts";

/**
 * Trims a core/v1 Node to what MetaHub keeps. Lenient about everything but the name, since Nodes come from the API
 * server, which has checked them; written by hand because it runs for each of thousands of nodes at every relist.
 *
 * @throws ApiError where the value is not a Node with a name.
 */
export function parseNode(value: unknown): NodeFacts {
  if (!isRecord(value)) throw new ApiError("WRONG_TYPE", "", "a Node must be of type object");
  // Items of a NodeList carry neither apiVersion nor kind.
  if ((value.kind ?? "Node") !== "Node" || (value.apiVersion ?? "v1") !== "v1") {
    throw new ApiError("WRONG_KIND", "kind", "must be apiVersion: v1, kind: Node");
  }
  const metadata = objectOf(value.metadata);
  const name = metadata.name;
  if (name === undefined || name === null || name === "") {
    throw new ApiError("MISSING", "metadata.name", 'is needed, for example "node-a"');
  }
  if (typeof name !== "string") return new Field(name, "metadata.name").refuseType("string");
  const labels = textsOf(objectOf(metadata.labels));
  const status = objectOf(value.status);
  const info = objectOf(status.nodeInfo);
  return {
    name,
    uid: textOf(metadata.uid),
    labels,
    taints: parseTaints(objectOf(value.spec).taints),
    allocatable: extendedResources(objectOf(status.allocatable)),
    // A Node from a file may have labels only; kubelet sets these two on every node (well-known labels).
    operatingSystem: textOf(info.operatingSystem) || (labels["kubernetes.io/os"] ?? ""),
    architecture: textOf(info.architecture) || (labels["kubernetes.io/arch"] ?? ""),
    kernelVersion: textOf(info.kernelVersion),
    osImage: textOf(info.osImage),
  };
}

const noTaints: readonly Taint[] = [];

function parseTaints(value: unknown): readonly Taint[] {
  if (!Array.isArray(value) || value.length === 0) return noTaints;
  const taints: Taint[] = [];
  for (const item of value) {
    if (!isRecord(item) || typeof item.key !== "string" || typeof item.effect !== "string") continue;
    const { key, effect } = item;
    taints.push(typeof item.value === "string" ? { key, value: item.value, effect } : { key, effect });
  }
  return taints;
}

/** Resources with a slash in their name; cpu, memory and the like decide nothing here. Numbers are read as text. */
function extendedResources(allocatable: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const resources: Record<string, string> = {};
  for (const name of Object.keys(allocatable)) {
    if (!name.includes("/")) continue;
    const quantity = allocatable[name];
    if (typeof quantity === "string") resources[name] = quantity;
    else if (typeof quantity === "number") resources[name] = String(quantity);
  }
  return resources;
}

const nothing: Readonly<Record<string, unknown>> = {};

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : nothing;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
