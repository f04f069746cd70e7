import { metahubApiVersion } from "../api/machine-type.ts";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { parseNode } from "../api/parse-node.ts";
import type { Manifest } from "../manifests/parse.ts";
import { InventoryError } from "./error.ts";
import type { InventoryContent } from "./inventory.ts";
import { parseDeviceClassResource, parseRuntimeClass } from "./placement-resources.ts";
import { type Snapshot, SnapshotBuilder } from "./snapshot.ts";

type Typed = Pick<Manifest, "apiVersion" | "kind">;

const isNode = ({ apiVersion, kind }: Typed): boolean => apiVersion === "v1" && kind === "Node";
const isMachineType = ({ apiVersion, kind }: Typed): boolean =>
  apiVersion === metahubApiVersion && kind === "MachineType";
const isRuntimeClass = ({ apiVersion, kind }: Typed): boolean =>
  apiVersion.startsWith("node.k8s.io/") && kind === "RuntimeClass";
const isDeviceClass = ({ apiVersion, kind }: Typed): boolean =>
  apiVersion.startsWith("resource.k8s.io/") && kind === "DeviceClass";

/** Whether a manifest is a machine of the cluster that manifests describe. */
export function isMachine(manifest: Typed): boolean {
  return isNode(manifest) || isMachineType(manifest);
}

/**
 * The inventory among manifests: nodes, machine types, and the classes that say where Pods can land. Other kinds are
 * passed over, so that a folder of examples will do.
 * @throws InventoryError OBJECT_INVALID, DUPLICATE, with the place
 */
export function inventoryOf(manifests: readonly Manifest[]): InventoryContent {
  const nodes = read(manifests.filter(isNode), parseNode, ({ name }) => name);
  const machineTypes = read(manifests.filter(isMachineType), parseMachineType, ({ metadata }) => metadata.name);
  const named = (object: Manifest["object"]) => ({ name: nameOf(object), adds: parseRuntimeClass(object) });
  const classes = read(manifests.filter(isRuntimeClass), named, ({ name }) => name);
  const resources = manifests
    .filter(isDeviceClass)
    .map(({ object, place }) => at(place, () => parseDeviceClassResource(object)));
  return {
    nodes,
    machineTypes,
    context: {
      runtimeClasses: new Map(classes.map(({ name, adds }) => [name, adds])),
      deviceClassResources: new Set(resources.filter((resource) => resource !== undefined)),
    },
  };
}

/** The snapshot of manifests that are read once. @throws InventoryError as `inventoryOf` */
export function snapshotOf(manifests: readonly Manifest[]): Snapshot {
  const { nodes, machineTypes, context } = inventoryOf(manifests);
  return new SnapshotBuilder().build(nodes, machineTypes, context);
}

/** Objects of one kind, each name once. */
function read<T>(
  manifests: readonly Manifest[],
  parse: (object: Manifest["object"]) => T,
  nameIn: (value: T) => string,
): readonly T[] {
  const known = new Map<string, T>();
  for (const { kind, object, place } of manifests) {
    const value = at(place, () => parse(object));
    const name = nameIn(value);
    if (known.has(name)) {
      throw new InventoryError("DUPLICATE", `${place}: ${kind} ${name} stands twice; keep one of them`);
    }
    known.set(name, value);
  }
  return [...known.values()];
}

function nameOf({ metadata }: Manifest["object"]): string {
  return typeof metadata === "object" && metadata !== null && "name" in metadata ? String(metadata.name) : "";
}

function at<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InventoryError("OBJECT_INVALID", `${place}: ${reason}`, { cause });
  }
}
