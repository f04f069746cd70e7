import { KubernetesError } from "./error.ts";

/** A kind of object as the API's paths name it. */
export interface Resource {
  /** `""` for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower case plural, e.g. `nodes`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** All objects of a resource: in one namespace, or in all where `namespace` is absent. */
export interface CollectionTarget {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
}

/** One object, or one subresource of it (`status`, `binding`, …). */
export interface ObjectTarget {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly subresource?: string | undefined;
}

/** @throws KubernetesError CONFIG when a part cannot stand in a path. */
export function resource(description: Resource): Resource {
  const group = /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
  const word = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
  if (!group.test(description.group) || !word.test(description.version) || !word.test(description.plural)) {
    const { group: g, version, plural } = description;
    throw new KubernetesError("CONFIG", `${JSON.stringify([g, version, plural])} is no API group, version and plural`);
  }
  return description;
}

/** `v1` or `apps/v1`. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The plural with its group, as messages and metrics name it: `nodes`, `leases.coordination.k8s.io`. */
export function resourceName({ group, plural }: Resource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

// Names come from other people's objects; one with a slash or dots alone would address another object (path segment
// rules: k8s.io/apimachinery/pkg/api/validation/path).
function segment(value: string, what: string): string {
  if (value === "" || value === "." || value === ".." || value.includes("/") || value.includes("%")) {
    throw new KubernetesError("INVALID", `${JSON.stringify(value)} is no ${what}`);
  }
  return encodeURIComponent(value);
}

export function collectionPath({ resource, namespace }: CollectionTarget): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (namespace === undefined) return `${root}/${resource.plural}`;
  if (!resource.namespaced) {
    throw new KubernetesError("INVALID", `${resourceName(resource)} are not in namespaces; leave the namespace out`);
  }
  return `${root}/namespaces/${segment(namespace, "namespace")}/${resource.plural}`;
}

export function objectPath(target: ObjectTarget): string {
  if (target.resource.namespaced && target.namespace === undefined) {
    throw new KubernetesError("INVALID", `${resourceName(target.resource)} ${target.name}: the namespace is missing`);
  }
  const object = `${collectionPath(target)}/${segment(target.name, "name")}`;
  return target.subresource === undefined ? object : `${object}/${segment(target.subresource, "subresource")}`;
}
